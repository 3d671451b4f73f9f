import { expect, it } from 'vitest'
import { openModelFile } from '../../src/gguf/open.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { cosineSimilarity, embed, loadModel, type Model } from '../../src/index.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { FAMILY_CASES } from '../support/family-models/index.js'
import { relativeDifference } from '../support/logits.js'
import { FORMAT_CASES, type ModelCase, randomIds, VARIANTS } from '../support/random-models.js'
import { ReferenceModel, ReferenceSequence } from './reference.js'

/** Several tokens, and a single one. */
const LENGTHS = [67, 1]

/**
 * Largest difference of a value, in standard deviations of the vector's. Measured: 1.3e-4 for float formats (the f16
 * cache now and then rounds to another neighbour), 1.4e-3 where activations become 16-bit integers, 0.07 where the
 * relaxed build makes some of them 8-bit integers.
 */
const TOLERANCE = { float: 5e-4, quantized: 3e-3, relaxed: 0.12 }

/** How much larger differences may be in models of many layers. Measured with 22 layers: 2.6e-3 for F32. */
const DEEP = 15

const CASES = [
  ...FORMAT_CASES,
  ...[...VARIANTS, ...FAMILY_CASES].filter(
    ({ name, brief }) => !brief && /tied|biases|YaRN$|widths|stream/.test(name),
  ),
]

/** The vectors of some tokens against the hidden states of the reference. */
async function compare(
  model: Model,
  ids: readonly number[],
  states: readonly Float64Array[],
  tolerance: number,
): Promise<void> {
  const { kernels } = model
  const each = await embed(model, ids, { pooling: 'none', normalize: false })
  expect(each).toHaveLength(ids.length)
  for (const [i, state] of states.entries()) {
    expect(relativeDifference(each[i], state), `${kernels}, token ${i}`).toBeLessThan(tolerance)
  }
  const mean = states[0].map((_, i) => states.reduce((sum, state) => sum + state[i], 0) / states.length)
  const pooled = { mean, cls: states[0], last: states[states.length - 1] }
  for (const pooling of ['mean', 'cls', 'last'] as const) {
    const expected = pooled[pooling]
    const where = `${kernels}, ${pooling} of ${ids.length}`
    const plain = await embed(model, ids, { pooling, normalize: false })
    expect(relativeDifference(plain, expected), where).toBeLessThan(tolerance)
    const size = Math.hypot(...expected)
    const unit = await embed(model, ids, { pooling })
    const expectedUnit = expected.map((value) => value / size)
    expect(relativeDifference(unit, expectedUnit), where).toBeLessThan(tolerance)
    expect(cosineSimilarity(unit, expected), where).toBeGreaterThan(1 - tolerance ** 2 / 10)
  }
}

it.each(CASES)(
  'hidden states and what is pooled of them are those of the reference: $name',
  async (modelCase) => {
    const { name, format, vocab, parts, deep } = modelCase as ModelCase
    // Over many layers, rounding adds up.
    const factor = deep ? DEEP : 1
    const bytes = writeGguf(parts)
    const reference = await ReferenceModel.read(await openModelFile(bytesSource(bytes)))
    await using baseline = await loadModel(bytes, { kernels: 'baseline' })
    await using relaxed = await loadModel(bytes, { kernels: 'relaxed' })
    for (const length of LENGTHS) {
      const ids = randomIds(length, vocab, name)
      const sequence = new ReferenceSequence(reference, 'f16')
      const states = ids.map((id) => {
        sequence.push(id)
        return sequence.hiddenState()
      })
      await compare(baseline, ids, states, factor * TOLERANCE[/^B?F/.test(format) ? 'float' : 'quantized'])
      await compare(relaxed, ids, states, TOLERANCE.relaxed)
    }
  },
)
