import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { type EncodeOptions, embed as embedTexts, loadModel } from '../../src/index.js'
import { TINY_STORIES } from '../support/model-files.js'
import { FakeTerminal } from './fake-terminal.js'

const TEXTS = ['Once upon a time', 'A dog ran.']

async function embed(args: readonly string[], terminal = new FakeTerminal()) {
  const code = await main(['embed', TINY_STORIES, ...args], terminal)
  return { code, out: terminal.out, err: terminal.err }
}

async function output(args: readonly string[], terminal?: FakeTerminal): Promise<string> {
  const { code, out, err } = await embed(args, terminal)
  expect([code, err]).toEqual([0, ''])
  return out
}

async function json(...args: string[]) {
  const out = await output([...args, '--json'])
  expect(out).toMatch(/^[^\n]*\n$/)
  return JSON.parse(out)
}

/** The f32 that each printed number is. */
function vector(numbers: readonly number[]): Float32Array {
  return Float32Array.from(numbers)
}

function waiting(input: string): FakeTerminal {
  const terminal = new FakeTerminal()
  terminal.input = input
  return terminal
}

describe('dasllama embed', () => {
  it('prints the vectors that embed returns, one line per text', async () => {
    await using model = await loadModel(TINY_STORIES)
    const lines = (await output(TEXTS)).split('\n')
    expect(lines.pop()).toBe('')
    expect(lines.map((line) => vector(line.split(' ').map(Number)))).toEqual(await embedTexts(model, TEXTS))
  })

  it('--json prints one object', async () => {
    await using model = await loadModel(TINY_STORIES)
    const { embeddings, ...rest } = await json(...TEXTS)
    expect(embeddings.map(vector)).toEqual(await embedTexts(model, TEXTS))
    expect(rest).toEqual({ dimensions: 256, tokens: TEXTS.map((text) => model.encode(text).length) })
    // One text is not a special case.
    expect((await json(TEXTS[0])).embeddings).toEqual(embeddings.slice(0, 1))
  })

  it('passes every option on', async () => {
    await using model = await loadModel(TINY_STORIES)
    const text = 'Once upon a time<|endoftext|>'
    for (const [args, options] of [
      [['--pooling', 'last'], { pooling: 'last' }],
      [['--pooling=cls', '--no-special'], { pooling: 'cls', addSpecial: false }],
      [['--no-normalize'], { normalize: false }],
      [['--dimensions', '9'], { dimensions: 9 }],
      [['--no-special'], { addSpecial: false }],
      [['--parse-special'], { parseSpecial: true }],
      [['--threads', '2', '--kernels', 'auto'], {}],
    ] as const) {
      const { embeddings, dimensions, tokens } = await json(text, ...args)
      expect(vector(embeddings[0]), args.join()).toEqual(await embedTexts(model, text, options))
      expect(dimensions).toBe(embeddings[0].length)
      expect(tokens).toEqual([model.encode(text, options as EncodeOptions).length])
    }
  })

  it('--pooling none gives each token a vector', async () => {
    const { embeddings, dimensions, tokens } = await json(...TEXTS, '--pooling', 'none', '--dimensions', '3')
    expect(embeddings.map((each: number[][]) => each.length)).toEqual(tokens)
    expect(dimensions).toBe(3)
    const out = await output([...TEXTS, '--pooling', 'none', '--dimensions', '3'])
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ').map(Number)),
    ).toEqual(embeddings.flat())
  })

  it('reads standard input, one text per line, where the arguments have -', async () => {
    const expected = await output(['one', 'two', 'three', 'four'])
    for (const input of ['two\nthree\n', 'two\nthree', 'two\r\nthree\r\n']) {
      expect(await output(['one', '-', 'four'], waiting(input))).toBe(expected)
    }
  })

  it('--truncate drops what exceeds --context', async () => {
    const cut = await json(...TEXTS, 'A', '--context', '3', '--truncate')
    expect(cut.tokens).toEqual([3, 3, 2])
    const { code, out, err } = await embed([...TEXTS, '--context', '3'])
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(
      /^dasllama: text 1 of 2 has 5 tokens, 2 more than the context of 3 holds\nsplit it, let --truncate /,
    )
  })

  it.each<[string[], string, number, string]>([
    [[], '', 2, 'standard input has no text'],
    [['-'], '', 2, 'standard input has no text'],
    [['-', 'a', '-'], 'b', 2, 'standard input can be read only once'],
    [['a', '--pooling', 'max'], '', 2, '--pooling must be one of mean, cls, last, none, not "max"'],
    [['a', '--dimensions', '0'], '', 2, '--dimensions must be a whole number of 1 or more'],
    [['a', '--threads', '33'], '', 2, '--threads must be'],
    [['a', '--no-normalise'], '', 2, 'did you mean --no-normalize?'],
    [['a', ''], '', 1, 'text 2 of 2 is empty'],
    [['-'], 'one\n\ntwo\n', 1, 'text 2 of 3 is empty'],
    [['a', '--dimensions', '257'], '', 1, 'dimensions must be a whole number from 1 to 256'],
  ])('%j with the input %j ends with %i', async (args, input, code, message) => {
    const result = await embed(args, waiting(input))
    expect(result).toMatchObject({ code, out: '' })
    expect(result.err).toContain(message)
  })

  it('reports a missing model', async () => {
    const terminal = new FakeTerminal()
    expect(await main(['embed', 'no/such.gguf', 'a'], terminal)).toBe(1)
    expect(terminal.err).toMatch(/^dasllama: no\/such\.gguf: /)
  })

  it('stops at Ctrl-C without a word', async () => {
    const terminal = new FakeTerminal()
    const running = embed(Array(200).fill('Once upon a time there was a cat'), terminal)
    const interrupting = setInterval(() => terminal.interrupt(), 1)
    const { code, out, err } = await running
    clearInterval(interrupting)
    expect([code, out, err]).toEqual([130, '', ''])
    expect(terminal.interrupt()).toBe(false)
  })
})
