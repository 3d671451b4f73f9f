import { describeValue } from '../../../describe.js'
import type { Budget } from '../budget.js'
import { lengthOf, offsetOf } from '../collections.js'
import { undefinedUsed } from '../compare.js'
import { templateFailed } from '../failures.js'
import { digitsText, Float, type Integer, integerDigits, integral, toFloat } from '../numbers.js'
import { str } from '../repr.js'
import { FROM_CODE_POINT, Text } from '../text.js'
import { TextBuilder } from '../text-builder.js'
import { unitsAt } from '../unicode.js'
import { typeName, Undefined, type Value } from '../values.js'
import { floatBody } from './floats.js'

/** A format specification, such as `*>+10,.2f`. */
interface Spec {
  readonly fill: Text
  readonly align: '<' | '>' | '^' | '=' | ''
  /** A zero before the width: by default, pads with zeros after the sign. */
  readonly hasZero: boolean
  /** The flag `z`: no minus sign for a zero. */
  readonly dropsMinusZero: boolean
  readonly sign: string
  readonly isAlternate: boolean
  readonly width: number
  readonly grouping: string
  /** -1 if absent. */
  readonly precision: number
  readonly type: string
}

/** Python's `format(value, spec)`. */
export function formatValue(value: Value, given: Text, budget: Budget): Text {
  if (given.length === 0) return str(value, budget)
  budget.scan(given.length)
  const spec = parseSpec(given)
  budget.text(spec.width)
  budget.text(Math.max(spec.precision, 0))
  budget.spend(20)
  if (value instanceof Text) return formatText(value, spec, budget)
  const number = value instanceof Float ? value : integral(value)
  if (number instanceof Float) return formatFloat(number.value, spec, budget)
  if (number !== undefined) return formatInteger(number, spec, budget)
  if (value instanceof Undefined) throw undefinedUsed(value)
  throw templateFailed(`${typeName(value)} cannot have a format specification`)
}

const SPEC = /^([-+ ]?)(z?)(#?)(0?)(\d*)([,_]?)(?:\.(\d+))?([a-zA-Z%]?)$/

function parseSpec(given: Text): Spec {
  const all = given.text
  const first = all === '' ? 0 : unitsAt(all, 0)
  const isFilled = '<>=^'.includes(all[first] ?? '-')
  const isAligned = isFilled || '<>=^'.includes(all[0])
  const start = isFilled ? first + 1 : isAligned ? 1 : 0
  const match = SPEC.exec(all.slice(start))
  if (!match) throw templateFailed(`invalid format specification ${describeValue(all)}`)
  const [, sign, coercion, alternate, zero, width, grouping, precision, type] = match
  const align = isAligned ? (all[start - 1] as Spec['align']) : ''
  return {
    fill: isFilled ? given.slice(0, first) : zero === '0' ? Text.of('0') : Text.of(' '),
    align,
    hasZero: zero === '0',
    dropsMinusZero: coercion !== '',
    sign,
    isAlternate: alternate !== '',
    width: Number(width),
    grouping,
    precision: precision === undefined ? -1 : Number(precision),
    type,
  }
}

function refuse(type: string, of: string): never {
  throw templateFailed(`the format ${JSON.stringify(type)} is not valid for ${of}`)
}

function formatText(value: Text, spec: Spec, budget: Budget): Text {
  if (spec.type !== '' && spec.type !== 's') refuse(spec.type, 'a string')
  if (spec.sign !== '' || spec.isAlternate || spec.grouping !== '') refuse(spec.sign || '#,', 'a string')
  const { align } = spec
  if (align === '=') refuse('=', 'a string')
  if (spec.dropsMinusZero) refuse('z', 'a string')
  budget.scan(value.length)
  const kept = spec.precision < 0 ? value : value.slice(0, offsetOf(value, spec.precision))
  return pad(kept, align || '<', spec, budget)
}

/** Pads `text` to the width. */
function pad(text: Text, align: string, { fill, width }: Spec, budget: Budget): Text {
  const missing = width - lengthOf(text)
  if (missing <= 0) return text
  const before = align === '<' ? 0 : align === '^' ? missing >> 1 : missing
  return new TextBuilder(budget).add(fill.repeated(before), text, fill.repeated(missing - before)).text()
}

function formatInteger(value: Integer, spec: Spec, budget: Budget): Text {
  const { type } = spec
  if ('eEfFgG%'.includes(type) && type !== '') return formatFloat(toFloat(value), spec, budget)
  if (!['', 'd', 'n', 'b', 'o', 'x', 'X', 'c'].includes(type)) refuse(type, 'an integer')
  if (spec.precision >= 0) refuse(`.${spec.precision}`, 'an integer')
  if (spec.dropsMinusZero) refuse('z', 'an integer')
  if (type === 'c') {
    if (spec.sign !== '') refuse(spec.sign, 'a character')
    return pad(characterOf(value), spec.align || '>', spec, budget)
  }
  const base = { b: 2, o: 8, x: 16, X: 16 }[type] ?? 10
  if (base !== 10 && spec.grouping === ',') refuse(',', 'an integer in this base')
  const size = value < 0 ? -BigInt(value) : value
  const digits = base === 10 ? integerDigits(size as Integer) : size.toString(base)
  const prefix = spec.isAlternate && base !== 10 ? `0${type.toLowerCase()}` : ''
  const upper = type === 'X'
  return assemble(
    {
      isNegative: value < 0,
      prefix: upper ? prefix.toUpperCase() : prefix,
      whole: upper ? digits.toUpperCase() : digits,
      rest: '',
    },
    spec,
    base === 10 ? 3 : 4,
    budget,
  )
}

/** The character of a code point. */
export function characterOf(code: Integer): Text {
  if (code < 0 || code > 0x10ffff) throw templateFailed('a code point must be from 0 to 0x10ffff')
  return Text.of(String.fromCodePoint(Number(code)), FROM_CODE_POINT)
}

function formatFloat(value: number, spec: Spec, budget: Budget): Text {
  const { type, precision } = spec
  if (!'eEfFgGn%'.includes(type)) refuse(type, 'a number')
  const lower = type.toLowerCase()
  const isPercent = type === '%'
  const kind = isPercent || lower === 'f' ? 'f' : lower === 'e' ? 'e' : type === '' ? 'repr' : 'g'
  const digits = floatBody(isPercent ? value * 100 : value, {
    kind,
    precision: precision < 0 && kind !== 'repr' ? 6 : precision,
    keepsPoint: spec.isAlternate,
  })
  const whole = /^\d*/.exec(digits)![0]
  const rest = `${digits.slice(whole.length)}${isPercent ? '%' : ''}`
  const isUpper = type !== lower
  const isNegative = value < 0 || Object.is(value, -0)
  return assemble(
    {
      isNegative: isNegative && !(spec.dropsMinusZero && /^[0.]+(?:e[-+]\d+)?$/.test(digits)),
      prefix: '',
      whole,
      rest: isUpper ? rest.toUpperCase() : rest,
    },
    spec,
    3,
    budget,
  )
}

interface Parts {
  readonly isNegative: boolean
  readonly prefix: string
  /** The digits that are grouped. */
  readonly whole: string
  readonly rest: string
}

function assemble(
  { isNegative, prefix, whole, rest }: Parts,
  spec: Spec,
  group: number,
  budget: Budget,
): Text {
  const sign = isNegative ? '-' : spec.sign === '-' ? '' : spec.sign
  const head = sign + prefix
  let digits = grouped(whole, spec.grouping, group)
  const align = spec.align || (spec.hasZero ? '=' : '>')
  const fillsDigits = align === '=' && spec.fill.text === '0' && spec.grouping !== ''
  if (fillsDigits) {
    const wanted = spec.width - head.length - rest.length
    digits = grouped(whole.padStart(digitsWithin(wanted, group), '0'), spec.grouping, group)
  }
  if (align !== '=') return pad(digitsText(head + digits + rest), align, spec, budget)
  const missing = spec.width - head.length - digits.length - rest.length
  const filling = missing > 0 ? spec.fill.repeated(missing) : Text.EMPTY
  return new TextBuilder(budget).add(digitsText(head), filling, digitsText(digits + rest)).text()
}

function grouped(digits: string, separator: string, group: number): string {
  if (separator === '') return digits
  const parts: string[] = []
  const first = digits.length % group
  if (first > 0) parts.push(digits.slice(0, first))
  for (let at = first; at < digits.length; at += group) parts.push(digits.slice(at, at + group))
  return parts.join(separator)
}

/** How many digits fill a width, including separators: a separator is never first. */
function digitsWithin(width: number, group: number): number {
  const full = Math.floor(width / (group + 1))
  const left = width - full * (group + 1)
  return Math.max(0, full * group + (left === 0 && full > 0 ? 1 : left))
}
