import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { str } from '../../src/gguf/typed-value.js'
import { draftHeadModel } from '../support/draft-head-model.js'
import { HYBRID_MAMBA_CASES } from '../support/family-models/hybrid-mamba.js'
import { STORIES_15M, TINY_STORIES, temporaryFolder, writeModelFile } from '../support/model-files.js'
import { FakeTerminal } from './fake-terminal.js'
import { smallModelFile } from './small-model.js'

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
    expect(out).toMatch(/^chat template +none$/m)
    expect(out).toMatch(/^speed +fast: a token reads 2\.9 MiB of weights$/m)
    expect(out).toMatch(/^runs here +yes, in 5\.4 MiB of 8\.0 GiB available$/m)
    expect(out).not.toContain('problem')
  })

  it('shows the chat properties', async () => {
    await using folder = await temporaryFolder()
    const file = await smallModelFile(folder.path, {
      'tokenizer.chat_template': str(
        "{% for m in messages %}{{ '<|im_start|>' + m.content }}{% endfor %}{% if enable_thinking %}<think>{% endif %}<tool_call>",
      ),
      'tokenizer.chat_template.tool_use': str('{{ messages }}'),
    })
    const { out } = await inspect([file])
    expect(out).toMatch(
      /^chat template +chatml; thoughts think; tool calls hermes; variables enable_thinking; also tool_use$/m,
    )
    expect(JSON.parse((await inspect([file, '--json'])).out)).toMatchObject({
      chatTemplates: ['default', 'tool_use'],
      chat: {
        template: 'default',
        family: 'chatml',
        reasoning: 'think',
        tools: 'hermes',
        thinkingVariables: ['enable_thinking'],
      },
      runs: true,
    })
  })

  it('lists tables that stay in the file', async () => {
    await using folder = await temporaryFolder()
    const file = await smallModelFile(folder.path, {})
    expect((await inspect([file])).out).not.toContain('stays in the file')
    const { out } = await inspect([file, '--lookup-tables', 'file'])
    expect(out).toMatch(/^ +token_embd\.weight, 150\.0 KiB, stays in the file$/m)
  })

  it('reports insufficient memory', async () => {
    const terminal = new FakeTerminal()
    terminal.availableMemory = 2 ** 20
    const { out } = await inspect([TINY_STORIES], terminal)
    expect(out).toMatch(
      /^runs here +no: it needs 5\.4 MiB with a context of 256 tokens, but 1\.0 MiB are available$/m,
    )
    terminal.availableMemory = 5.25 * 2 ** 20
    terminal.out = ''
    expect((await inspect([TINY_STORIES], terminal)).out).toMatch(/^ +possible: --context 128 fits$/m)
    terminal.out = ''
    expect((await inspect([TINY_STORIES, '--context', '128'], terminal)).out).toMatch(/^runs here +yes/m)
    await using folder = await temporaryFolder()
    const huge = await smallModelFile(folder.path, {}, { context: 2 ** 24 })
    terminal.out = ''
    terminal.availableMemory = undefined
    const { runs, neededBytes, availableBytes } = JSON.parse((await inspect([huge, '--json'], terminal)).out)
    expect([runs, availableBytes]).toEqual([true, 2 ** 36])
    expect(neededBytes).toBeGreaterThan(0)
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

  it('says of a model without attention that it has none', async () => {
    await using folder = await temporaryFolder()
    const { parts } = HYBRID_MAMBA_CASES.find(({ architecture }) => architecture === 'mamba2')!
    const file = join(folder.path, 'm.gguf')
    await writeModelFile(file, parts)
    const { out } = await inspect([file])
    expect(out).toMatch(/^layers +2, width 48, without attention$/m)
    expect(out).not.toMatch(/^(heads|positions) /m)
    expect(out).toMatch(/^runs here +yes/m)
  })

  it('says of a model with a draft head that it has one', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'm.gguf')
    await writeFile(file, draftHeadModel())
    const { out } = await inspect([file])
    expect(out).toMatch(/^layers +3, width 64/m)
    expect(out).toMatch(/^draft head +layers: 1$/m)
  })

  it('reads a llama2.c checkpoint', async () => {
    const { code, out } = await inspect([STORIES_15M])
    expect(code).toBe(0)
    expect(out).toMatch(/^container +llama2\.c checkpoint$/m)
  })

  it('reports why a model cannot run, with a hostile name escaped', async () => {
    await using folder = await temporaryFolder()
    const name = { 'general.name': str('\x1b]0;owned\x07') }
    const file = await smallModelFile(folder.path, name, { architecture: 'unheard-of' })
    const { code, out } = await inspect([file], new FakeTerminal({ watched: true }))
    expect(code).toBe(0)
    expect(out).toMatch(/^problem .*unheard-of/m)
    expect(out).toMatch(/^runs here +no: .*unheard-of/m)
    expect(out).toMatch(/^name +␛\]0;owned␇$/m)
    const { problems } = JSON.parse((await inspect([file, '--json'])).out)
    expect(problems[0]).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('unheard-of') })
  })

  it('rejects a file that is not a model', async () => {
    const { code, out, err } = await inspect(['package.json'])
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain('package.json')
  })
})
