import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { published, writeFolder } from '../convert/folder.js'
import { MODELS } from '../convert/models.js'
import { temporaryFolder } from '../support/model-files.js'
import { FakeTerminal } from './fake-terminal.js'

async function cli(...args: readonly string[]) {
  const terminal = new FakeTerminal()
  const code = await main(args, terminal)
  return { code, out: terminal.out, err: terminal.err }
}

describe('dasllama convert', () => {
  it('writes a file that runs', async () => {
    await using folder = await temporaryFolder()
    const [from, to] = [join(folder.path, 'tiny llama'), join(folder.path, 'out.gguf')]
    await writeFolder(from, published(MODELS.llama))
    const { code, out, err } = await cli('convert', `${from}/`, to)
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/out\.gguf: \d+\.\d KiB, llama, \d+,\d+ parameters in 29 tensors, 401 tokens\n$/)
    const inspected = await cli('inspect', to)
    expect(inspected.out).toMatch(/^name +tiny llama$/m)
    const run = await cli('run', to, '--prompt', 'once', '--max-tokens', '4', '--temp', '0')
    expect(run.code).toBe(0)
    expect(await cli('convert', from, to)).toMatchObject({ code: 1, err: expect.stringContaining('--force') })
    const json = await cli('convert', from, to, '--type', 'Q8_0', '--force', '--json')
    expect(JSON.parse(json.out)).toMatchObject({
      type: 'Q8_0',
      architecture: 'llama',
      tensors: 29,
      tokens: 401,
    })
  })

  it('fails with what is wrong, and leaves nothing', async () => {
    await using folder = await temporaryFolder()
    const to = join(folder.path, 'out.gguf')
    const { code, out, err } = await cli('convert', folder.path, to)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/there is no config\.json\ngive the folder/)
    expect((await cli('convert', folder.path)).code).toBe(2)
    expect((await cli('convert', folder.path, to, '--type', 'Q4_0')).err).toMatch(
      /must be one of F16, BF16, F32, Q8_0/,
    )
    expect(await readdir(folder.path)).toEqual([])
  })
})
