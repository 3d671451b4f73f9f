/** How a text's hidden states become vectors. `cls` takes the first token's, `none` keeps each token's. */
export const POOLINGS = ['mean', 'cls', 'last', 'none'] as const
/** See `EmbedOptions.pooling`. */
export type Pooling = (typeof POOLINGS)[number]

/** Collects the hidden states of a text and pools them. */
export interface Pool {
  /** Takes the next tokens' states, f32[tokens][width]; keeps no reference to them. */
  readonly take: (states: Float32Array) => void
  /** One vector of `width`, or with `none` one per token. Called once, after at least one token. */
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

/** Which of `count` tokens' states a pool takes. */
export function pooledRows(pooling: Pooling, count: number): readonly number[] {
  if (pooling === 'cls') return [0]
  if (pooling === 'last') return [count - 1]
  return Array.from({ length: count }, (_, row) => row)
}

function meanPool(width: number): Pool {
  // In f64, token by token, so the mean does not depend on the batches.
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

/** `choose` returns what to keep of the vector kept so far and further states. */
function onePool(choose: (kept: Float32Array | undefined, states: Float32Array) => Float32Array): Pool {
  let kept: Float32Array | undefined
  return {
    take(states) {
      kept = choose(kept, states)
    },
    vectors: () => (kept ? [kept] : []),
  }
}

/** Scales a vector to length 1, in place; zeros stay zeros. Squares of any f32 are within the range of f64. */
export function normalize(vector: Float32Array): Float32Array {
  let squares = 0
  for (const value of vector) squares += value * value
  const length = Math.sqrt(squares)
  if (length > 0) for (let i = 0; i < vector.length; i++) vector[i] /= length
  return vector
}
