import { expect, it } from 'vitest'
import { writeGguf } from '../../src/gguf/writer.js'
import { loadModel } from '../../src/index.js'
import { relativeDifference } from '../support/logits.js'
import { FORMAT_CASES, randomIds, VARIANTS } from '../support/random-models.js'

/** Two batches; the second is not a multiple of four tokens. */
const LENGTH = 75

/**
 * Largest difference of any logit, in standard deviations of the logits. Prefill and decoding sum in another order.
 * Measured: 3e-6, and 3e-4 where activations are 16-bit integers.
 */
const TOLERANCE = { float: 1e-5, quantized: 1e-3 }

it.each([...FORMAT_CASES, ...VARIANTS])('prefills as it decodes: $name', async (each) => {
  const model = await loadModel(writeGguf(each.parts), { kernels: 'baseline' })
  const ids = randomIds(LENGTH, each.vocab, each.name)
  const [together, oneByOne] = [
    model.createSession({ kvType: 'f32' }),
    model.createSession({ kvType: 'f32' }),
  ]
  await together.eval(ids)
  for (const id of ids) await oneByOne.eval([id])
  const tolerance = TOLERANCE[/^B?F/.test(each.format) ? 'float' : 'quantized']
  expect(relativeDifference(oneByOne.logits(), together.logits())).toBeLessThan(tolerance)
  model.dispose()
})
