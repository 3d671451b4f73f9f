import { expect } from 'vitest'
import type { WasmExecutable } from '../../../src/backend/wasm/executable.js'
import { openModelFile } from '../../../src/gguf/open.js'
import { bytesSource } from '../../../src/storage/bytes.js'
import { ReferenceModel, ReferenceSequence } from '../../model/reference.js'
import { relativeDifference } from '../../support/logits.js'
import { decode, engineOf, expectSameBits, load, outputsOf, prefill } from './load.js'

/** Largest difference from the twin in standard deviations of the logits, as in test/model/reference.test.ts. */
const TOLERANCE = { float: 1e-5, quantized: 1e-3 }

/** A prompt and the tokens that are decoded after it. */
interface Text {
  readonly prompt: readonly number[]
  readonly next: readonly number[]
}

/** Expects the logits after a prompt, and after each token that follows, to be those of the f64 twin. */
export async function expectTwin(
  executable: WasmExecutable,
  model: Uint8Array,
  { prompt, next }: Text,
  kind: keyof typeof TOLERANCE,
): Promise<void> {
  const truth = new ReferenceSequence(
    await ReferenceModel.read(await openModelFile(bytesSource(model))),
    'f32',
  )
  truth.push(...prompt)
  const memory = executable.createMemory('f32')
  const logits = [await prefill(executable, memory, prompt), ...(await decode(executable, memory, next))]
  for (const [i, actual] of logits.entries()) {
    if (i > 0) truth.push(next[i - 1])
    const difference = relativeDifference(actual, truth.logits())
    expect(difference, `token ${i} after the prompt`).toBeLessThan(TOLERANCE[kind])
  }
  memory.dispose()
}

/** Expects the same bits on two threads, and in a batch with other sequences, as alone on one thread. */
export async function expectStableBits(model: Uint8Array, { prompt, next }: Text): Promise<void> {
  const alone = await load(model)
  const threaded = await load(model, { engine: await engineOf({ threads: 2 }) })
  const bitsOf = async (executable: WasmExecutable) => {
    const memory = executable.createMemory('f16')
    return [await prefill(executable, memory, prompt), ...(await decode(executable, memory, next))]
  }
  const expected = await bitsOf(alone)
  expectSameBits(await bitsOf(threaded), expected, 'two threads')
  await threaded.dispose()
  // Another sequence before it that is decoded, and one after it that is a prompt; and the prompt in two parts.
  const memories = [1, 2, 3].map(() => alone.createMemory('f16'))
  const [before, memory, after] = memories
  const half = Math.ceil(prompt.length / 2)
  await prefill(alone, before, prompt.slice(0, half))
  await prefill(alone, memory, prompt.slice(0, half))
  const rest = prompt.slice(half)
  const step = async (ids: readonly number[], phase: 'prefill' | 'decode') => {
    const [first, last] = [next.slice(0, 2), prompt.slice(0, 3)]
    const outputs = await outputsOf(alone, {
      ids: [...first, ...ids, ...last],
      positions: [
        ...first.map((_, i) => before.length + i),
        ...ids.map((_, i) => memory.length + i),
        ...last.map((_, i) => after.length + i),
      ],
      runs: [
        { memory: before, firstRow: 0, rows: first.length, phase: 'decode' },
        { memory, firstRow: first.length, rows: ids.length, phase },
        { memory: after, firstRow: first.length + ids.length, rows: last.length, phase: 'prefill' },
      ],
      outputs: [first.length + ids.length - 1],
    })
    return [...outputs.values()][0]
  }
  const together = [await step(rest, 'prefill')]
  for (const id of next) together.push(await step([id], 'decode'))
  expectSameBits(together, expected, 'in company')
  await alone.dispose()
}
