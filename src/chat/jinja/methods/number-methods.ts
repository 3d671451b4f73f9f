import { templateFailed } from '../failures.js'
import { Float, type Integer, integer } from '../numbers.js'
import { type Operation, operation } from '../parameters.js'
import { Tuple, type Value } from '../values.js'

/** The attributes of a number. */
export function numberAttribute(number: Integer | Float, name: string): Value | undefined {
  const isFloat = number instanceof Float
  switch (name) {
    case 'real':
      return number
    case 'imag':
      return isFloat ? new Float(0) : 0
    case 'numerator':
      return isFloat ? undefined : number
    case 'denominator':
      return isFloat ? undefined : 1
    default:
      return undefined
  }
}

const ofInteger = (name: string, read: (value: bigint) => Value) =>
  operation<Integer | Float, Record<string, never>, Value>({}, (number) => {
    if (number instanceof Float) throw templateFailed(`${name} cannot be applied to a float`)
    return read(BigInt(number))
  })

const binary = (value: bigint) => (value === 0n ? '' : (value < 0n ? -value : value).toString(2))

/** The methods of a number. */
export const NUMBER_METHODS: ReadonlyMap<string, Operation<Integer | Float>> = new Map<
  string,
  Operation<Integer | Float>
>([
  ['bit_length', ofInteger('bit_length', (value) => binary(value).length)],
  ['bit_count', ofInteger('bit_count', (value) => binary(value).replaceAll('0', '').length)],
  ['conjugate', operation({}, (number: Integer | Float) => number)],
  [
    'is_integer',
    operation({}, (number: Integer | Float) => !(number instanceof Float) || Number.isInteger(number.value)),
  ],
  ['as_integer_ratio', operation({}, (number: Integer | Float) => ratio(number))],
])

function ratio(number: Integer | Float): Tuple {
  if (!(number instanceof Float)) return new Tuple([number, 1])
  if (!Number.isFinite(number.value)) throw templateFailed('as_integer_ratio needs a finite number')
  let { value } = number
  let shift = 0
  while (!Number.isInteger(value)) {
    value *= 2
    shift++
  }
  return new Tuple([integer(BigInt(value)), integer(1n << BigInt(shift))])
}
