import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { openModelFile } from '../../src/gguf/open.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { loadModel } from '../../src/index.js'
import { argmax } from '../../src/sampling/passes.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { FAMILY_CASES } from '../support/family-models/index.js'
import { relativeDifference, topIndices } from '../support/logits.js'
import { FORMAT_CASES, type ModelCase, randomIds, VARIANTS } from '../support/random-models.js'
import { ReferenceModel, ReferenceSequence } from './reference.js'

/** One batch of 64 and the beginning of another. */
const LONG_PROMPT = 67
/** Short enough for the path that decoding takes. */
const SHORT_PROMPT = 2
const STEPS = 6

/**
 * Largest difference of any logit, in standard deviations of the logits. Measured over all cases here: 2e-6 for float
 * formats with an f32 cache (f32 sums against f64 ones), 3e-4 where activations become 16-bit integers; with an f16
 * cache, where now and then f32 and f64 round to different neighbours, 3e-4 and 1.3e-3.
 */
const TOLERANCE = {
  float: { f32: 1e-5, f16: 1e-3 },
  quantized: { f32: 1e-3, f16: 3e-3 },
}

/** How much larger differences may be in models of many layers. Measured with 22 layers: 5e-5. */
const DEEP = 15

/** Formats and many layers make no difference between families; they run in the oracle's tests. */
const CASES = [...FORMAT_CASES, ...VARIANTS, ...FAMILY_CASES].filter(
  ({ brief, deep, format }) => !brief || (format === 'F32' && !deep),
)

/** With the relaxed kernels, where some activations become 8-bit integers. Measured: 0.05. */
const RELAXED_TOLERANCE = 0.1

/** Compiled once: compiling them for each model took a tenth of the time. */
const BASELINE = compiled('kernels.wasm')
const RELAXED = compiled('kernels-relaxed.wasm')

function compiled(file: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL(`../../dist/${file}`, import.meta.url)))
}

/** The logits of the relaxed kernels after `ids`. */
async function relaxedLogits(bytes: Uint8Array, ids: readonly number[]): Promise<Float32Array> {
  await using model = await loadModel(bytes, { kernels: RELAXED })
  const session = model.createSession({ kvType: 'f32' })
  await session.eval(ids)
  return session.logits()
}

async function compare(modelCase: ModelCase): Promise<void> {
  const { name, format, vocab, parts, brief, deep, prompts = [LONG_PROMPT] } = modelCase
  const bytes = writeGguf(parts)
  const reference = await ReferenceModel.read(await openModelFile(bytesSource(bytes)))
  const model = await loadModel(bytes, { kernels: BASELINE })
  const tolerance = TOLERANCE[/^B?F/.test(format) ? 'float' : 'quantized']
  // The cache's type is the same code for every family and format; in long prompts only the heads make a difference to it.
  for (const kvType of VARIANTS.includes(modelCase) ? (['f32', 'f16'] as const) : (['f32'] as const)) {
    const long = kvType === 'f32' || /head/.test(name) ? [prompts[0]] : []
    for (const length of brief ? long : [...long, SHORT_PROMPT]) {
      const session = model.createSession({ kvType })
      const { contextLength } = session
      const truth = new ReferenceSequence(reference, kvType, { contextLength })
      let ids = randomIds(length, vocab, name)
      for (let step = 0; step < STEPS; step++) {
        await session.eval(ids)
        truth.push(...ids)
        const actual = session.logits()
        const expected = truth.logits()
        const [best] = topIndices(expected, 1)
        const where = `${kvType} cache, position ${session.position}`
        expect(relativeDifference(actual, expected), where).toBeLessThan(
          (deep ? DEEP : 1) * tolerance[kvType],
        )
        expect(argmax(actual, actual.length), where).toBe(best)
        if (!brief && kvType === 'f32' && length === prompts[0] && step === 0) {
          const relaxed = relativeDifference(await relaxedLogits(bytes, ids), expected)
          expect(relaxed, 'relaxed kernels').toBeLessThan(RELAXED_TOLERANCE)
        }
        ids = [best]
      }
      session.dispose()
    }
  }
  model.dispose()
}

it.each(CASES)('computes what the reference does: $name', compare)
