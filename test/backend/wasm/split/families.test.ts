import { describe, expect, it } from 'vitest'
import { writeGguf } from '../../../../src/gguf/writer.js'
import { FAMILY_CASES } from '../../../support/family-models/index.js'
import { type ModelCase, randomIds, VARIANTS } from '../../../support/random-models.js'
import { decode, expectSameBits, load, prefill } from '../load.js'
import { loadInParts } from './load.js'

/** The first model of each architecture. */
const CASES = [...VARIANTS, ...FAMILY_CASES].filter(
  ({ architecture }, index, all) => all.findIndex((other) => other.architecture === architecture) === index,
)

describe('a model in two memories has the bits of the undivided model', () => {
  it.each<ModelCase>(CASES)('$name', async ({ parts, vocab }) => {
    const model = writeGguf(parts)
    const whole = await load(model)
    const { executable } = await loadInParts(model, 2)
    const prompt = randomIds(9, vocab, 'prompt')
    const next = randomIds(2, vocab, 'next')
    const [expected, actual] = await Promise.all(
      [whole, executable].map(async (executable) => {
        const memory = executable.createMemory('f16')
        return [await prefill(executable, memory, prompt), ...(await decode(executable, memory, next))]
      }),
    )
    expectSameBits(actual, expected)
    expect(executable.memories).toEqual(whole.memories)
  })
})
