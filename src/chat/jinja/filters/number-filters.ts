import type { Budget } from '../budget.js'
import { undefinedUsed } from '../compare.js'
import { fixed, roundFloat, roundInteger, roundToInteger } from '../decimals.js'
import { templateFailed } from '../failures.js'
import { absolute, calculate, digitsText, Float, integer, integral, numberText, toFloat } from '../numbers.js'
import { any, filter, flag, type Operation, text } from '../parameters.js'
import { parseFloating, parseInteger } from '../parse-numbers.js'
import { Text } from '../text.js'
import { TextBuilder } from '../text-builder.js'
import { typeName, Undefined, type Value } from '../values.js'

type Filter = Operation<Value>

/** Python's `float(value)`; `undefined` if it raises `TypeError` or `ValueError`. */
function floating(value: Value, budget: Budget): number | undefined {
  if (value instanceof Undefined) throw undefinedUsed(value)
  if (value instanceof Text) return parseFloating(value.text, budget)
  if (value instanceof Float) return value.value
  const number = integral(value)
  return number === undefined ? undefined : toFloat(number)
}

function toInteger(value: Value, given: Value, budget: Budget): Value | undefined {
  if (value instanceof Float && !Number.isFinite(value.value) && !Number.isNaN(value.value)) {
    throw templateFailed('int cannot convert infinity')
  }
  const base = Number(integral(given) ?? -1)
  const exact =
    value instanceof Text && (base === 0 || (base >= 2 && base <= 36))
      ? parseInteger(value.text, base, budget)
      : integral(value)
  if (exact !== undefined) return exact
  const number = floating(value, budget)
  return number !== undefined && Number.isFinite(number) ? integer(Math.trunc(number)) : undefined
}

const METHODS = { ceil: Math.ceil, floor: Math.floor } as const

const round = filter(
  { precision: any.or(0), method: text.or(Text.of('common')) },
  (value, { precision, method }, budget) => {
    const name = method.text
    if (name !== 'common' && name !== 'ceil' && name !== 'floor') {
      throw templateFailed('round: method must be common, ceil or floor')
    }
    const number = value instanceof Float ? value : integral(value)
    if (number === undefined) {
      if (value instanceof Undefined) throw undefinedUsed(value)
      throw templateFailed(`round cannot be applied to ${typeName(value)}`)
    }
    budget.spend(20)
    if (precision === null && name === 'common') {
      return number instanceof Float ? roundToInteger(finiteOf(number)) : number
    }
    const decimals = integral(precision)
    if (decimals === undefined) {
      if (precision instanceof Undefined) throw undefinedUsed(precision)
      throw templateFailed(`round: precision must be an integer, not ${typeName(precision)}`)
    }
    if (name === 'common') {
      budget.spend(Math.min(20_000, Math.abs(Number(decimals))) / 4)
      if (number instanceof Float) return new Float(roundFloat(number.value, Number(decimals)))
      return roundInteger(number, Number(decimals))
    }
    const scale = calculate('**', 10, decimals, budget)!
    const scaled = calculate('*', number, scale, budget)!
    const whole = scaled instanceof Float ? integer(METHODS[name](finiteOf(scaled))) : scaled
    return calculate('/', whole, scale, budget)!
  },
)

function finiteOf({ value }: Float): number {
  if (!Number.isFinite(value)) throw templateFailed('round needs a finite number')
  return value
}

const UNITS = {
  decimal: ['kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'],
  binary: ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'],
} as const

const fileSize = filter({ binary: flag.or(false) }, (value, { binary }, budget) => {
  const bytes = floating(value, budget)
  if (bytes === undefined) throw templateFailed(`filesizeformat cannot be applied to ${typeName(value)}`)
  const base = binary ? 1024 : 1000
  if (bytes === 1) return Text.of('1 Byte')
  const out = new TextBuilder(budget)
  if (bytes < base) return out.add(numberText(integer(Math.trunc(bytes))), ' Bytes').text()
  const units = UNITS[binary ? 'binary' : 'decimal']
  let at = 0
  while (at < units.length - 1 && bytes >= base ** (at + 2)) at++
  const size = (base * bytes) / base ** (at + 2)
  const digits = Number.isFinite(size) ? fixed(Math.abs(size), 1) : String(size).slice(0, 3).toLowerCase()
  return out.add(digitsText(digits), ' ', units[at]).text()
})

export const NUMBER_FILTERS: Readonly<Record<string, Filter>> = {
  abs: filter({}, (value) => {
    const result = absolute(value)
    if (result !== undefined) return result
    if (value instanceof Undefined) throw undefinedUsed(value)
    throw templateFailed(`abs cannot be applied to ${typeName(value)}`)
  }),
  int: filter({ default: any.or(0), base: any.or(10) }, (value, given, budget) => {
    const result = toInteger(value, given.base, budget)
    return result === undefined ? given.default : result
  }),
  float: filter({ default: any.or(new Float(0)) }, (value, given, budget) => {
    const result = floating(value, budget)
    return result === undefined ? given.default : new Float(result)
  }),
  round,
  filesizeformat: fileSize,
}
