import { DasllamaError } from '../errors.js'

/**
 * How alike two embeddings are: the cosine of the angle between them, from −1 to 1; 0 where one has no direction, being
 * all zeros. Throws `INVALID_ARGUMENT` for vectors of different lengths or without values.
 */
export function similarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  for (const vector of [a, b]) {
    if (typeof vector === 'object' && vector !== null && vector.length > 0) continue
    throw new DasllamaError('INVALID_ARGUMENT', 'similarity needs two arrays of numbers, neither empty')
  }
  if (a.length !== b.length) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `vectors of ${a.length} and ${b.length} values have no angle`,
      {
        hint: 'compare embeddings of one model, with the same dimensions',
      },
    )
  }
  let product = 0
  let squaresOfA = 0
  let squaresOfB = 0
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i]
    squaresOfA += a[i] * a[i]
    squaresOfB += b[i] * b[i]
  }
  if (squaresOfA === 0 || squaresOfB === 0) return 0
  const cosine = product / (Math.sqrt(squaresOfA) * Math.sqrt(squaresOfB))
  // Rounding may take it a little beyond.
  return Math.min(1, Math.max(-1, cosine))
}
