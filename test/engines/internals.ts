/** The sources and tests that every engine runs, bundled, because not all engines read TypeScript. */

import { writeGguf } from '../../src/gguf/writer.js'
import { exp, log, power, sineAndCosine } from '../../src/math/elementary.js'
import { FAMILY_CASES } from '../support/family-models/index.js'
import { RandomBits } from '../support/random-model/random-bits.js'
import { randomIds } from '../support/random-models.js'

export { drawGolden, GOLDEN } from '../sampling/golden.js'

const COUNT = 20_000

/** Architectures whose operations the model in the repository does not have. */
const ARCHITECTURES = ['qwen35', 'lfm2', 'mamba', 'mamba2', 'gemma4', 'gemma3n']

/** A random model in F32 of each of them, as a file, and ids for it: more than a batch. */
export function otherModels(): { readonly file: Uint8Array; readonly ids: readonly number[] }[] {
  return ARCHITECTURES.map((architecture) => {
    const found = FAMILY_CASES.find((each) => each.architecture === architecture && each.format === 'F32')
    if (!found) throw new Error(`no random model of ${architecture}`)
    return { file: writeGguf(found.parts), ids: randomIds(150, found.vocab, architecture) }
  })
}

/** The elementary functions at random points of their ranges. */
export function elementaryValues(): Float64Array {
  const random = new RandomBits(1, 'engines')
  const between = (low: number, high: number) =>
    low + (high - low) * ((random.next() + random.fraction()) / 0x100000000)
  const values: number[] = []
  const turned = new Float64Array(2)
  for (let i = 0; i < COUNT; i++) {
    sineAndCosine(between(-100_000, 100_000), turned)
    values.push(...turned, log(between(0, 1000)), power(between(0, 10), between(-20, 20)))
    // From the smallest numbers to the largest, to cover every power of two.
    values.push(exp(between(-745, 710)))
  }
  return Float64Array.from(values)
}
