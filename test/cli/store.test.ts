import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { smallModel } from '../model/small.js'
import { type FakeHub, serveHub } from '../support/hub-server.js'
import { temporaryFolder } from '../support/model-files.js'
import { FakeTerminal } from './fake-terminal.js'

const NAME = 'hf:someone/models:F32'
const MODEL = smallModel()

let hub: FakeHub
let folder: Awaited<ReturnType<typeof temporaryFolder>>
const before = process.env.DASLLAMA_HOME
beforeAll(async () => {
  folder = await temporaryFolder()
  process.env.DASLLAMA_HOME = folder.path
  hub = await serveHub('someone/models', { 'm-F32.gguf': { bytes: MODEL } }, { token: 'secret' })
})
afterAll(async () => {
  if (before === undefined) delete process.env.DASLLAMA_HOME
  else process.env.DASLLAMA_HOME = before
  await hub[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

async function cli(args: readonly string[], { token = 'secret', watched = false } = {}) {
  const terminal = new FakeTerminal({ watched, keepsErased: true })
  terminal.hub = { baseUrl: hub.base, token }
  const code = await main(args, terminal)
  return { code, out: terminal.out, err: terminal.err }
}

describe('stored models on the command line', () => {
  it('are pulled, listed, used by every command and removed', async () => {
    expect(await cli(['pull', NAME])).toEqual({
      code: 0,
      out: 'hf:someone/models/m-F32.gguf@main: 864.1 KiB, checksum verified\n',
      err: '',
    })
    const listed = await cli(['list'])
    expect(listed.out).toMatch(/^hf:someone\/models\/m-F32\.gguf@main {2}864\.1 KiB {2}\d{4}-\d\d-\d\d\n$/)
    expect(listed.err).toContain(folder.path)
    const requests = hub.requests.length
    for (const name of [NAME, 'hf:someone/models/m-F32.gguf']) {
      expect((await cli(['tokenize', name, 'a'])).out).toMatch(/^\d/)
      expect((await cli(['inspect', name])).out).toContain('llama')
      const run = await cli(['run', name, '--prompt', 'a', '--max-tokens', '3', '--json'])
      expect(JSON.parse(run.out).length ?? 1).toBeGreaterThan(0)
    }
    expect(hub.requests.length).toBe(requests)
    expect(await cli(['rm', NAME])).toEqual({ code: 0, out: '', err: '' })
    expect((await cli(['list'])).out).toBe('')
    const gone = await cli(['rm', NAME])
    expect(gone.code).toBe(1)
    expect(gone.err).toContain('is not in the store')
  })

  it('are downloaded by a command that needs one, and pinned', async () => {
    expect((await cli(['run', NAME, '--prompt', 'a', '--max-tokens', '2', '--json'])).code).toBe(0)
    const { models } = JSON.parse((await cli(['list', '--json'])).out)
    expect(models).toMatchObject([{ isComplete: true, isPinned: false }])
    expect(JSON.parse((await cli(['pull', NAME, '--pin', '--json'])).out)).toMatchObject({
      isPinned: true,
      size: MODEL.length,
    })
    expect((await cli(['list'])).out).toMatch(/pinned\n$/)
    await cli(['rm', NAME])
  })

  it('say what to do about a refused token and an odd name', async () => {
    const refused = await cli(['pull', NAME], { token: 'old' })
    expect(refused.code).toBe(1)
    expect(refused.err).toMatch(/401.*\n.*token is refused/)
    const odd = await cli(['pull', 'llama3'])
    expect(odd.err).toMatch(/not the name of a model on a server\n.*hf:owner\/repo/)
  })
})
