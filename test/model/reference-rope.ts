/**
 * Rotary positions in f64, by independent formulas. Sources: Su et al. 2021; Chen et al. 2023 (linear scaling); Llama
 * 3.1's configuration (llama3 scaling, frequency factors); Peng et al. 2023 and ggml's `rope_yarn` (YaRN).
 */
import type { RopeScaling, RopeSpec } from '../../src/backend/rope.js'

/** The tensor of frequency factors of a sequence with this context length. Source: Ding et al. 2024 (LongRoPE). */
export function factorsOf({ scaling, factors, longFactors }: RopeSpec, contextLength: number) {
  const isLong = scaling.type === 'longrope' && contextLength > scaling.originalContext
  return isLong ? longFactors : factors
}

/** How one pair of values is rotated. */
interface Rotation {
  readonly radians: number
  /** What cosine and sine are multiplied with. */
  readonly magnitude: number
}

/** `x` with `dims` values of each head, from number `first` on, rotated in pairs, as they are at `position`. */
export function rotated(
  x: Float64Array,
  {
    heads,
    first: skipped,
    position,
    factors,
  }: { heads: number; first: number; position: number; factors?: Float64Array | undefined },
  spec: RopeSpec,
): Float64Array {
  const out = x.slice()
  const pairs = spec.dims / 2
  for (let pair = 0; pair < pairs; pair++) {
    const { radians, magnitude } = rotation(spec, pair, position, factors?.[pair] ?? 1)
    const cosine = Math.cos(radians) * magnitude
    const sine = Math.sin(radians) * magnitude
    for (let head = 0; head < x.length; head += x.length / heads) {
      const first = head + skipped + (spec.type === 'norm' ? 2 * pair : pair)
      const second = first + (spec.type === 'norm' ? 1 : pairs)
      out[first] = x[first] * cosine - x[second] * sine
      out[second] = x[first] * sine + x[second] * cosine
    }
  }
  return out
}

function rotation(
  { dims, theta, scaling }: RopeSpec,
  pair: number,
  position: number,
  divisor: number,
): Rotation {
  const full = (position * theta ** ((-2 * pair) / dims)) / divisor
  switch (scaling.type) {
    case 'none':
      return { radians: full, magnitude: 1 }
    case 'linear':
      return { radians: full / scaling.factor, magnitude: 1 }
    case 'longrope':
      return { radians: full / scaling.factor, magnitude: scaling.attentionFactor }
    case 'llama3': {
      const { lowFrequencyFactor: low, highFrequencyFactor: high } = scaling
      const turns = (scaling.originalContext * theta ** ((-2 * pair) / dims)) / (2 * Math.PI)
      return { radians: between(full, scaling.factor, (turns - low) / (high - low)), magnitude: 1 }
    }
    case 'yarn': {
      const [first, last] = yarnRamp(scaling, dims, theta)
      const kept = 1 - (pair - first) / Math.max(0.001, last - first)
      const warmth = 1 + 0.1 * Math.log(Math.max(1, scaling.factor))
      return { radians: between(full, scaling.factor, kept), magnitude: scaling.attentionFactor * warmth }
    }
  }
}

/** The pairs between which frequencies change from kept to divided. */
function yarnRamp(scaling: RopeScaling & { type: 'yarn' }, dims: number, theta: number): [number, number] {
  /** The pair, not always a whole one, that makes so many turns within the original context. */
  const pairOf = (turns: number) =>
    (dims / 2) * (Math.log(scaling.originalContext / (2 * Math.PI * turns)) / Math.log(theta))
  return [
    Math.max(0, Math.floor(pairOf(scaling.betaFast))),
    Math.min(dims - 1, Math.ceil(pairOf(scaling.betaSlow))),
  ]
}

/** `kept`, at least 0 and at most 1, of the angle, the rest of it divided by `factor`. */
function between(angle: number, factor: number, kept: number): number {
  const part = Math.min(1, Math.max(0, kept))
  return part * angle + (1 - part) * (angle / factor)
}
