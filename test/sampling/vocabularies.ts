/** Logits of every kind that a sampler may meet, as fast-check arbitraries. */
import fc from 'fast-check'
import { Rng } from '../../src/sampling/index.js'

type Draw = () => number

const LARGEST = 3.4028234663852886e38

/** A normal deviate. */
function normal(uniform: Draw): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}

const oneOf = (values: readonly number[], uniform: Draw) => values[Math.floor(uniform() * values.length)]

/** Each makes a maker of single logits. */
const KINDS = {
  normal: (uniform: Draw) => {
    const deviation = 10 ** (2 * uniform() - 1)
    return () => deviation * normal(uniform)
  },
  peaked: (uniform: Draw) => () => (uniform() < 0.05 ? 12 + 8 * uniform() : 2 * normal(uniform)),
  ties: (uniform: Draw) => () => oneOf([-1, -0, 0, 0.5, 2, 2], uniform),
  flat: (uniform: Draw) => {
    const logit = normal(uniform)
    return () => logit
  },
  'nearly flat': (uniform: Draw) => () => 1 + Math.floor(3 * uniform()) * 2 ** -23,
  special: (uniform: Draw) => () =>
    oneOf([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -0, 0, 1, -1, 1e-45], uniform),
  masked: (uniform: Draw) => () => (uniform() < 0.8 ? Number.NEGATIVE_INFINITY : normal(uniform)),
  extreme: (uniform: Draw) => () => oneOf([LARGEST, -LARGEST, 1e30, -1e30, 0, 1], uniform),
  spread: (uniform: Draw) => () => (uniform() < 0.5 ? 1 : -1) * 10 ** (38 * uniform()),
} satisfies Record<string, (uniform: Draw) => Draw>

export type Kind = keyof typeof KINDS

/** What makes logits: short to print when a property fails. */
export interface Recipe {
  readonly kind: Kind
  readonly size: number
  readonly seed: number
}

export function makeLogits({ kind, size, seed }: Recipe): Float32Array {
  const rng = new Rng(seed)
  return Float32Array.from(
    { length: size },
    KINDS[kind](() => rng.nextUniform()),
  )
}

/** Kinds whose logits are moderate, so that dividing and subtracting them stays within f32. */
export const MODERATE: readonly Kind[] = ['normal', 'peaked', 'ties', 'flat', 'masked']

export function recipes(
  kinds = Object.keys(KINDS) as readonly Kind[],
  sizes: fc.Arbitrary<number> = fc.oneof(
    { arbitrary: fc.integer({ min: 1, max: 300 }), weight: 3 },
    fc.integer({ min: 1, max: 12 }),
  ),
): fc.Arbitrary<Recipe> {
  return fc.record({ kind: fc.constantFrom(...kinds), size: sizes, seed: fc.nat() })
}

/** Generated ids: of a small alphabet, so that there are repetitions, and some that no vocabulary has. */
export const histories: fc.Arbitrary<number[]> = fc.integer({ min: 1, max: 40 }).chain((alphabet) =>
  fc.array(fc.oneof({ arbitrary: fc.nat({ max: alphabet - 1 }), weight: 30 }, fc.nat({ max: 1000 })), {
    maxLength: 90,
  }),
)
