import { describeValue } from '../../describe.js'
import type { Budget } from './budget.js'
import { characters, lengthOf, offsetOf, slice } from './collections.js'
import { undefinedUsed } from './compare.js'
import { templateFailed } from './failures.js'
import { DICT_METHODS, LIST_METHODS, MUTATING } from './methods/collection-methods.js'
import { NUMBER_METHODS, numberAttribute } from './methods/number-methods.js'
import { formatMethods, STRING_METHODS } from './methods/string-methods.js'
import { Float, type Integer, integral, isInteger } from './numbers.js'
import type { Operation } from './parameters.js'
import { Text } from './text.js'
import {
  Callable,
  Dict,
  DictView,
  Group,
  List,
  Namespace,
  Range,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.js'

/** `value.name`: an attribute or a method first, then a key, as in Jinja. */
export function attributeOf(value: Value, name: string, budget: Budget): Value {
  refuseUndefined(value, name)
  const attribute = ownAttribute(value, name, budget)
  // Not `??`, because the attribute may be null.
  const found = attribute === undefined ? item(value, name, budget) : attribute
  return found === undefined ? missing(value, name) : found
}

/** `value[key]`: an item first, then an attribute or a method. */
export function itemOf(value: Value, key: Value | string, budget: Budget): Value {
  const name = typeof key === 'string' ? key : key instanceof Text ? key.text : undefined
  refuseUndefined(value, name ?? keyName(key as Value))
  const found = item(value, key, budget)
  if (found !== undefined) return found
  if (name === undefined) return missing(value, keyName(key as Value))
  const attribute = ownAttribute(value, name, budget)
  return attribute === undefined ? missing(value, name) : attribute
}

/** An attribute or method; keys of a mapping are not considered. */
export function ownAttribute(value: Value, name: string, budget: Budget): Value | undefined {
  if (value instanceof Namespace || value instanceof Callable) return value.get(name)
  if (name.startsWith('__') && !(value instanceof Dict)) {
    return new Undefined(name, `the attribute ${describeValue(name)} is not allowed in templates`)
  }
  if (isMutating(value, name)) {
    return new Undefined(
      name,
      `the method "${name}" would modify ${typeName(value)}, which templates may not`,
    )
  }
  if (value instanceof Range && (name === 'start' || name === 'stop' || name === 'step')) return value[name]
  if (value instanceof Text) return bound(TEXT_METHODS, name, value, value.length, budget)
  if (value instanceof Dict) return bound(DICT_METHODS, name, value, value.size, budget)
  if (value instanceof Group && (name === 'grouper' || name === 'list')) return value[name]
  if (value instanceof DictView) return undefined
  if (value instanceof List) {
    if (name === 'copy' && (value instanceof Tuple || value instanceof Range)) return undefined
    return bound(LIST_METHODS, name, value, value.items.length, budget)
  }
  const number = value instanceof Float ? value : integral(value)
  if (number === undefined) return undefined
  return numberAttribute(number, name) ?? bound(NUMBER_METHODS, name, number, 1, budget)
}

const TEXT_METHODS = new Map([...STRING_METHODS, ...formatMethods({ attributeOf, itemOf })])

function isMutating(value: Value, name: string): boolean {
  if (value instanceof Dict) return MUTATING.dict.includes(name)
  return value instanceof List && value.constructor === List && MUTATING.list.includes(name)
}

/** A method of a value. Each call costs a scan of `size` characters or members. */
function bound<S>(
  methods: ReadonlyMap<string, Operation<S>>,
  name: string,
  value: S,
  size: number,
  budget: Budget,
): Callable | undefined {
  const method = methods.get(name)
  if (!method) return undefined
  return new Callable((args) => {
    budget.scan(size)
    return method(name, value, args, budget)
  })
}

function item(value: Value, key: Value | string, budget: Budget): Value | undefined {
  if (value instanceof Dict) {
    if (typeof key !== 'string') budget.key(key)
    return value.get(key)
  }
  if (typeof key === 'string') return undefined
  const index = integral(key)
  if (index === undefined) return undefined
  if (value instanceof DictView) return undefined
  if (value instanceof List) return value.items.at(Number(index))
  return value instanceof Text ? characterAt(value, index, budget) : undefined
}

function characterAt(text: Text, index: Integer, budget: Budget): Text | undefined {
  if (text.hasPairs) budget.scan(text.length)
  const length = lengthOf(text)
  const at = Number(index) < 0 ? Number(index) + length : Number(index)
  if (at < 0 || at >= length) return undefined
  budget.piece(text.runs.length)
  return text.slice(offsetOf(text, at), offsetOf(text, at + 1))
}

function missing(value: Value, name: string): Undefined {
  return new Undefined(value === null ? `${name} of none` : name)
}

function keyName(key: Value): string {
  return isInteger(key) ? String(key).slice(0, 20) : typeName(key)
}

function refuseUndefined(value: Value, wanted: string): void {
  if (!(value instanceof Undefined)) return
  if (value.problem !== undefined) throw undefinedUsed(value)
  throw templateFailed(`${describeValue(value.name)} is undefined, so it has no ${describeValue(wanted)}`)
}

/** `value[start:stop:step]`; `null` is an absent bound. Throws for values that cannot be sliced, as Python does. */
export function sliceOf(value: Value, bounds: readonly Value[], budget: Budget): Value {
  refuseUndefined(value, 'slice')
  if (!(value instanceof Text || (value instanceof List && !(value instanceof DictView)))) {
    throw templateFailed(`${typeName(value)} cannot be sliced`)
  }
  const [start, stop, step] = bounds.map((bound) => {
    const at = bound === null ? null : integral(bound)
    if (at === undefined)
      throw templateFailed(`the bounds of a slice must be integers, not ${typeName(bound)}`)
    return at
  })
  const [from, to, by] = [start, stop, step].map((bound) => (bound === null ? undefined : Number(bound)))
  if (value instanceof Text) return sliceOfText(value, from, to, by, budget)
  budget.items(value.items.length)
  const items = slice(value.items, from, to, by)
  if (value instanceof Range) return new Range(rangeSlice(value, items, by ?? 1))
  return value instanceof Tuple ? new Tuple(items) : new List(items)
}

function rangeSlice({ start, step }: Range, items: readonly Value[], by: number) {
  const first = items.length > 0 ? Number(items[0]) : start
  return { start: first, stop: first + items.length * step * by, step: step * by }
}

function sliceOfText(text: Text, start = 0, stop: number | undefined, step = 1, budget: Budget): Text {
  if (step !== 1)
    return Text.join(slice(characters(text, budget), start === 0 && step < 0 ? undefined : start, stop, step))
  budget.piece(text.runs.length)
  if (text.hasPairs) budget.scan(text.length)
  const length = lengthOf(text)
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + length : at, 0), length)
  const [from, to] = [clamp(start), clamp(stop ?? length)]
  return from < to ? text.slice(offsetOf(text, from), offsetOf(text, to)) : Text.EMPTY
}
