import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { readList } from '../read-list.js'

/**
 * How alike two embeddings are: the cosine of the angle between them, from −1 to 1; 0 where one has no direction, being
 * all zeros. Throws `INVALID_ARGUMENT` for vectors of different lengths, without values, or with values that are no finite numbers.
 */
export function similarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [first, second] = [readVector('the first vector', a), readVector('the second vector', b)]
  if (first.length !== second.length) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `vectors of ${first.length} and ${second.length} values have no angle`,
      {
        hint: 'compare embeddings of one model, with the same dimensions',
      },
    )
  }
  return cosine(first, second)
}

function readVector(name: string, vector: ArrayLike<number>): ArrayLike<number> {
  // What embed gives needs no second look at each value: a NaN would come out in the end.
  const values =
    vector instanceof Float32Array
      ? vector
      : readList(name, vector, (value, index) => {
          if (typeof value === 'number') return value
          throw new DasllamaError(
            'INVALID_ARGUMENT',
            `${name} has ${describeValue(value)} at index ${index}, which is not a number`,
          )
        })
  if (values.length > 0) return values
  throw new DasllamaError('INVALID_ARGUMENT', 'similarity needs two arrays of numbers, neither empty')
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
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      'a vector has values that are NaN, infinite or too large to be squared',
    )
  }
  if (squaresOfA === 0 || squaresOfB === 0) return 0
  // Rounding may take it a little beyond.
  return Math.min(1, Math.max(-1, product / (Math.sqrt(squaresOfA) * Math.sqrt(squaresOfB))))
}
