import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { randomModel } from '../../src/gguf/random-model.js'
import { str } from '../../src/gguf/typed-value.js'
import { STORIES_15M, TINY_STORIES, temporaryFolder, writeModelFile } from '../support/model-files.js'
import { FakeTerminal } from './fake-terminal.js'

async function inspect(args: readonly string[], terminal = new FakeTerminal()) {
  const code = await main(['inspect', ...args], terminal)
  return { code, out: terminal.out, err: terminal.err }
}

describe('dasllama inspect', () => {
  it('shows a table', async () => {
    const { code, out, err } = await inspect([TINY_STORIES])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^architecture +llama$/m)
    expect(out).toMatch(/^parameters +2,885,888$/m)
    expect(out).toMatch(/^ +Q8_0: 29, 2\.9 MiB, 99\.7 %$/m)
    expect(out).toMatch(/^tokenizer +gpt2 \(gpt-2\), 2,048 tokens, BOS 0, EOS 0$/m)
    expect(out).toMatch(/^memory +\d+\.\d MiB and \d+\.\d KiB for a session of 256 tokens$/m)
    expect(out).not.toContain('problem')
  })

  it('--json prints one object', async () => {
    const { code, out, err } = await inspect([TINY_STORIES, '--json'])
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toMatchObject({
      architecture: 'llama',
      container: 'gguf',
      parameters: 2_885_888,
      config: { layers: 4, heads: 4, kvHeads: 2 },
      problems: [],
    })
  })

  it('reads a llama2.c checkpoint', async () => {
    const { code, out } = await inspect([STORIES_15M])
    expect(code).toBe(0)
    expect(out).toMatch(/^container +llama2\.c checkpoint$/m)
  })

  it('says what keeps a model from running, a hostile name made harmless', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'model.gguf')
    const shape = { embed: 32, layers: 1, heads: 1, feedForward: 32, vocab: 400, context: 16 }
    const metadata = [['general.name', str('\x1b]0;owned\x07')]] as const
    await writeModelFile(file, randomModel({ shape, format: 'F32', architecture: 'unheard-of', metadata }))
    const { code, out } = await inspect([file], new FakeTerminal({ watched: true }))
    expect(code).toBe(0)
    expect(out).toMatch(/^problem .*unheard-of/m)
    expect(out).toMatch(/^name +␛\]0;owned␇$/m)
    const { problems } = JSON.parse((await inspect([file, '--json'])).out)
    expect(problems[0]).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('unheard-of') })
  })

  it('refuses what is no model', async () => {
    const { code, out, err } = await inspect(['package.json'])
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain('package.json')
  })
})
