import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { openModelFile } from '../../src/gguf/open.js'
import { loadModel } from '../../src/index.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { ReferenceModel, ReferenceSequence } from '../model/reference.js'
import { logProbabilities } from '../support/logits.js'
import { TINY_STORIES } from '../support/model-files.js'
import { FakeTerminal } from './fake-terminal.js'

const STORY = `Once upon a time there was a little dog named Max. Max liked to run in the park with his friend Lily.
One day they saw a big red ball. "Look!" said Lily. "Can we play with it?" Max wagged his tail and ran to the ball.
They played all day long, and when the sun went down they went home and had soup with mom.
`

async function measure(args: readonly string[], terminal = new FakeTerminal({ inputIsTerminal: true })) {
  terminal.files.set('story.txt', STORY)
  const code = await main(['perplexity', TINY_STORIES, ...args], terminal)
  return { code, out: terminal.out, err: terminal.err }
}

/** The same from the f64 reference, with explicit chunks as in llama.cpp. */
async function reference(
  text: string,
  context: number,
): Promise<{ perplexity: number; error: number; scored: number }> {
  const model = await loadModel(TINY_STORIES)
  const truth = await ReferenceModel.read(await openModelFile(bytesSource(await readFile(TINY_STORIES))))
  const ids = model.encode(text.slice(0, -1))
  const scores: number[] = []
  for (let start = 0; start + context <= ids.length; start += context) {
    const sequence = new ReferenceSequence(truth, 'f16')
    const chunk = [model.tokenizer.bosId!, ...ids.slice(start + 1, start + context)]
    for (const [i, id] of chunk.entries()) {
      sequence.push(id)
      if (i >= context / 2 && i + 1 < context) scores.push(-logProbabilities(sequence.logits())[chunk[i + 1]])
    }
  }
  model.dispose()
  const mean = scores.reduce((sum, score) => sum + score) / scores.length
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length
  const perplexity = Math.exp(mean)
  return { perplexity, error: perplexity * Math.sqrt(variance / (scores.length - 1)), scored: scores.length }
}

describe('dasllama perplexity', () => {
  it("is the f64 reference's over llama.cpp's windows", async () => {
    const { code, out, err } = await measure([
      '--file',
      'story.txt',
      '-c',
      '32',
      '--json',
      '--kernels',
      'baseline',
    ])
    expect([code, err]).toEqual([0, ''])
    const found = JSON.parse(out)
    const expected = await reference(STORY, 32)
    expect(found.scored).toBe(expected.scored)
    expect(found.perplexity / expected.perplexity).toBeCloseTo(1, 3)
    expect(found.error / expected.error).toBeCloseTo(1, 3)
    expect(found.chunks.at(-1)).toBe(found.perplexity)
    expect(found).toMatchObject({ context: 32, tokens: expect.any(Number) })
  })

  it('prints an estimate after each chunk, and the last one as llama-perplexity does', async () => {
    const { code, out, err } = await measure(['-f', 'story.txt', '--context', '32'])
    expect(code).toBe(0)
    expect(out).toMatch(
      /^\[1\]\d+\.\d{4},\[2\]\d+\.\d{4},(\[\d\]\d+\.\d{4},)*\nFinal estimate: PPL = \d+\.\d{4} \+\/- \d+\.\d{5}\n$/,
    )
    expect(err).toMatch(/^\d+ tokens; \d chunks of 32\n$/)
    const first = await measure(['-f', 'story.txt', '--context', '32', '--chunks', '1'])
    expect(out.startsWith(first.out.split(',')[0])).toBe(true)
    expect(first.err).toContain('; 1 chunk of 32')
  })

  it('reads a pipe', async () => {
    const terminal = new FakeTerminal()
    terminal.input = STORY
    const piped = await measure(['-c', '32', '--json'], terminal)
    expect(piped.out).toBe((await measure(['--file', 'story.txt', '-c', '32', '--json'])).out)
  })

  it.each([
    [[], 2, 'perplexity needs a text: --file FILE'],
    [['-c', '3', '--file', 'story.txt'], 2, '--context must be 4 or more'],
    [['--file', 'none.txt'], 1, 'none.txt: there is no such file'],
    [['--file', 'story.txt', '-c', '200'], 1, /the text has \d+ tokens, but chunks of 200 need at least 400/],
    [['--prompt', 'x'], 2, 'the text is read from --file FILE or from standard input'],
    [['story.txt', '-c', '32'], 2, 'the text is read from --file FILE or from standard input'],
  ])('rejects %j', async (args, code, message) => {
    const result = await measure(args)
    expect([result.code, result.out]).toEqual([code, ''])
    expect(result.err).toMatch(message)
  })

  it('prints the estimate so far at Ctrl-C', async () => {
    const terminal = new FakeTerminal({ inputIsTerminal: true })
    terminal.onOutput = () => terminal.interrupt()
    const { code, out } = await measure(['-f', 'story.txt', '-c', '32'], terminal)
    expect(code).toBe(130)
    expect(out).toMatch(/^\[1\]\d+\.\d+,\nFinal estimate: PPL = /)
  })
})
