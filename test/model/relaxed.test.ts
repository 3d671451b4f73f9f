import { expect, it } from 'vitest'
import { writeGguf } from '../../src/gguf/writer.js'
import { loadModel } from '../../src/index.js'
import { relativeDifference, relaxedTolerance } from '../support/logits.js'
import { FORMAT_CASES, randomIds, VARIANTS } from '../support/random-models.js'

/** A batch and some more through the tiles; then these many tokens one by one. */
const PROMPT_LENGTH = 75
const STEPS = 8

it.each([...FORMAT_CASES, ...VARIANTS])('the relaxed kernels stay near the baseline: $name', async (each) => {
  const bytes = writeGguf(each.parts)
  await using baseline = await loadModel(bytes, { kernels: 'baseline' })
  await using relaxed = await loadModel(bytes, { kernels: 'relaxed' })
  expect([baseline.kernels, relaxed.kernels]).toEqual(['baseline', 'relaxed'])
  const [a, b] = [baseline.createSession({ kvType: 'f32' }), relaxed.createSession({ kvType: 'f32' })]
  const ids = randomIds(PROMPT_LENGTH + STEPS, each.vocab, each.name)
  const differences: number[] = []
  for (let from = 0; from < ids.length; from += from === 0 ? PROMPT_LENGTH : 1) {
    const next = ids.slice(from, from === 0 ? PROMPT_LENGTH : from + 1)
    await a.eval(next)
    await b.eval(next)
    differences.push(relativeDifference(a.logits(), b.logits()))
  }
  expect(Math.max(...differences)).toBeLessThan(relaxedTolerance(each.format))
})
