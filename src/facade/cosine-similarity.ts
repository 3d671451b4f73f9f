import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { isA, readList } from '../read-list.js'

/**
 * Cosine of the angle between two embeddings, from −1 to 1; 0 if one of them is all zeros. Throws `INVALID_ARGUMENT` for
 * vectors that are empty, have different lengths or contain values that are not finite numbers.
 */
export function cosineSimilarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [first, second] = [readVector('the first vector', a), readVector('the second vector', b)]
  if (first.length !== second.length) {
    throw invalid(
      `vectors of different lengths (${first.length} and ${second.length})`,
      'compare embeddings of one model, with the same dimensions',
    )
  }
  return cosine(first, second)
}

function readVector(name: string, vector: ArrayLike<number>): ArrayLike<number> {
  // Results of embed need no check of each value: a NaN would show in the sums.
  const values = isA<Float32Array>(Float32Array, vector)
    ? vector
    : readList(name, vector, (value, index) => {
        if (typeof value === 'number') return value
        throw invalid(`${name} has ${describeValue(value)} at index ${index}, which is not a number`)
      })
  if (values.length > 0) return values
  throw invalid('cosineSimilarity needs two non-empty arrays of numbers')
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let product = 0
  let squaresOfA = 0
  let squaresOfB = 0
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i]
    squaresOfA += a[i] * a[i]
    squaresOfB += b[i] * b[i]
  }
  if (!Number.isFinite(squaresOfA + squaresOfB)) {
    throw invalid('a vector has values that are NaN, infinite or too large to be squared')
  }
  if (squaresOfA === 0 || squaresOfB === 0) return 0
  // Rounding may exceed the range slightly.
  return Math.min(1, Math.max(-1, product / (Math.sqrt(squaresOfA) * Math.sqrt(squaresOfB))))
}

function invalid(message: string, hint?: string): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', message, { hint })
}
