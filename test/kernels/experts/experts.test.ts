import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ExpertFunction } from '../../../src/backend/program.js'
import type { Engine } from '../../../src/backend/wasm/engine.js'
import { engineOf } from '../../backend/wasm/load.js'
import { FORMATS } from '../../support/random-models.js'
import { expectWithin } from '../workbench.js'
import { Mixture, type MixtureShape, randomToken, type Token } from './mixture.js'

const SHAPE = { format: 'F32', experts: 6, used: 2, columns: 256, rows: 256, out: 40 } as const
const ALL = [0, 1, 2, 3, 4, 5]

function bits(rows: readonly Float32Array[]): string[] {
  return rows.map(({ buffer }) => Buffer.from(buffer).toString('hex'))
}

function tokensOf(shape: MixtureShape, count: number, among: readonly number[] = ALL): Token[] {
  return Array.from({ length: count }, (_, i) => randomToken(shape, `token ${i}`, among))
}

/** Of results of magnitude 1: f32 sums, activations of 16 bits, and of 8 bits in the relaxed build. */
const TOLERANCE = { f32: 3e-5, baseline: 2e-3, relaxed: 0.1 }

describe.each(['baseline', 'relaxed'] as const)('experts, %s', (kernels) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await engineOf({ kernels })
  })

  const toleranceOf = (format: string) => (/^B?F/.test(format) ? TOLERANCE.f32 : TOLERANCE[kernels])

  it.each(FORMATS)('in %s compute what the reference does, for decode and prompts', (format) => {
    const mixture = new Mixture(engine, { ...SHAPE, format })
    const tokens = tokensOf(mixture.shape, 5)
    for (const batched of [false, true]) {
      for (const [i, row] of mixture.run(tokens, batched).entries()) {
        expectWithin(row, mixture.expected(tokens[i]), toleranceOf(format))
      }
    }
  })

  it.each<[string, Partial<MixtureShape>]>([
    ['biases and scales', { extras: true }],
    ['gate and up in one tensor', { fused: true, extras: true }],
    ['formats that take different activations', { format: 'Q8_0', otherFormat: 'F32' }],
    ['widths that no tile divides', { columns: 36, rows: 20, out: 13 }],
    ['all experts used', { used: 6 }],
    ['one expert used', { used: 1 }],
    ...(['geglu', 'swigluOai', 'gelu', 'relu2'] as const).map(
      (name: ExpertFunction) =>
        [`${name}, biases and scales`, { function: name, extras: true }] as [string, Partial<MixtureShape>],
    ),
  ])('with %s', (_, changes) => {
    const mixture = new Mixture(engine, { ...SHAPE, ...changes })
    const tokens = tokensOf(mixture.shape, 9)
    for (const batched of [false, true]) {
      for (const [i, row] of mixture.run(tokens, batched, { firstRow: 3 }).entries()) {
        expectWithin(row, mixture.expected(tokens[i]), 3 * toleranceOf(mixture.shape.format))
      }
    }
  })
})

describe.each(['F32', 'Q8_0', 'Q4_K'])('a token’s bits, %s', (format) => {
  const shape = { ...SHAPE, format, out: 64 }
  const engines: Engine[] = []
  let mixtures: Mixture[]

  beforeAll(async () => {
    engines.push(await engineOf({ kernels: 'relaxed' }), await engineOf({ kernels: 'relaxed', threads: 3 }))
    mixtures = engines.map((engine) => new Mixture(engine, shape))
  })

  afterAll(() => Promise.all(engines.map(({ pool }) => pool.shutDown())))

  it.each([false, true])('depend on nothing but the token; batched: %s', (batched) => {
    const alone = new Map<string, string>()
    const bitsAlone = (label: string, token: Token): string => {
      const known = alone.get(label) ?? bits(mixtures[0].run([token], batched))[0]
      alone.set(label, known)
      return known
    }
    const labels = fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 40 })
    const among = fc.constantFrom(ALL, [1, 4], [2, 3, 5])
    fc.assert(
      fc.property(
        labels,
        among,
        fc.integer({ min: 1, max: 5 }),
        fc.nat(80),
        fc.nat(1),
        (all, few, slices, firstRow, which) => {
          const tokens = all.map((label) => randomToken(shape, `${label} of ${few}`, few))
          const found = bits(mixtures[which].run(tokens, batched, { slices, firstRow }))
          expect(found).toEqual(tokens.map((token, i) => bitsAlone(`${all[i]} of ${few}`, token)))
        },
      ),
      { numRuns: 25, seed: 1 },
    )
  })

  it('are the same in a full batch, whether all tokens use one expert or all experts have tokens', () => {
    for (const among of [[0, 5], ALL]) {
      const tokens = tokensOf(shape, 128, among)
      const [one, three] = mixtures.map((mixture) => bits(mixture.run(tokens, true, { slices: 2 })))
      expect(three).toEqual(one)
      expect(bits(mixtures[0].run([tokens[77]], true))).toEqual([one[77]])
    }
  })
})
