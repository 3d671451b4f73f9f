/** Ways to make vectors of a text's hidden states. `cls` is the first token's, `none` keeps each token's. */
export const POOLINGS = ['mean', 'cls', 'last', 'none'] as const
/** See `EmbedOptions.pooling`. */
export type Pooling = (typeof POOLINGS)[number]

/** Takes the hidden states of a text, some tokens at a time, and ends up with its vectors. */
export interface Pool {
  /** The next tokens' states, f32[tokens][width]; they are not kept. */
  readonly take: (states: Float32Array) => void
  /** One vector of `width`; with `none` one a token. Asked for once, after at least one token. */
  vectors(): Float32Array[]
}

export function createPool(pooling: Pooling, width: number): Pool {
  switch (pooling) {
    case 'mean':
      return meanPool(width)
    case 'none':
      return eachPool(width)
    case 'cls':
      return onePool((kept, states) => kept ?? states.slice(0, width))
    case 'last':
      return onePool((_, states) => states.slice(states.length - width))
  }
}

function meanPool(width: number): Pool {
  // In f64, token by token: the mean of the whole does not depend on the batches.
  const sums = new Float64Array(width)
  let tokens = 0
  return {
    take(states) {
      for (let at = 0; at < states.length; at += width) {
        for (let i = 0; i < width; i++) sums[i] += states[at + i]
      }
      tokens += states.length / width
    },
    vectors: () => [Float32Array.from(sums, (sum) => sum / tokens)],
  }
}

function eachPool(width: number): Pool {
  const vectors: Float32Array[] = []
  return {
    take(states) {
      for (let at = 0; at < states.length; at += width) vectors.push(states.slice(at, at + width))
    },
    vectors: () => vectors,
  }
}

/** `choose`: what is kept, given what was kept before and more states. */
function onePool(choose: (kept: Float32Array | undefined, states: Float32Array) => Float32Array): Pool {
  let kept: Float32Array | undefined
  return {
    take(states) {
      kept = choose(kept, states)
    },
    vectors: () => (kept ? [kept] : []),
  }
}

/** Scales a vector to the length 1, in place; one of zeros stays. Squares of any f32 are within the range of f64. */
export function normalize(vector: Float32Array): Float32Array {
  let squares = 0
  for (const value of vector) squares += value * value
  const length = Math.sqrt(squares)
  if (length > 0) for (let i = 0; i < vector.length; i++) vector[i] /= length
  return vector
}
