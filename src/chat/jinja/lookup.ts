import type { Budget } from './budget.js'
import { CallableObject } from './callables.js'
import { characters, DICT_METHODS } from './collections.js'
import { quoted, templateFailed, templateNeeds } from './failures.js'
import { GLOBAL_FUNCTIONS } from './globals.js'
import { STRING_METHODS } from './strings.js'
import { Text } from './text.js'
import { type Arguments, Callable, Dict, List, Namespace, typeName, Undefined, type Value } from './values.js'

/** Methods that would change a list or a mapping. Values never change; templates are rendered in a sandbox that agrees. */
const CHANGING: ReadonlySet<string> = new Set([
  ...['append', 'clear', 'extend', 'insert', 'pop', 'popitem', 'remove', 'reverse', 'setdefault', 'sort'],
  'update',
])

/** `a.b`: an attribute or method first, then an item, as in Python. */
export function attributeOf(object: Value, name: Text, budget: Budget): Value {
  refuseUndefined(object, name)
  const attribute = ownAttribute(object, name.text, budget)
  // Not `??`: a value may be null.
  if (attribute !== undefined) return attribute
  const item = itemIn(object, name, budget)
  return item === undefined ? missing(object, name) : item
}

/** `a[b]`: an item first, then an attribute where `b` is a text. */
export function itemOf(object: Value, index: Value, budget: Budget): Value {
  refuseUndefined(object, index)
  const item = itemIn(object, index, budget)
  if (item !== undefined) return item
  const attribute = index instanceof Text ? ownAttribute(object, index.text, budget) : undefined
  return attribute === undefined ? missing(object, index) : attribute
}

function refuseUndefined(object: Value, wanted: Value): void {
  if (!(object instanceof Undefined)) return
  throw templateFailed(`${quoted(object.name)} is undefined, so it has no ${describe(wanted)}`)
}

function missing(object: Value, wanted: Value): Undefined {
  return new Undefined(object === null ? `${plain(wanted)} of none` : plain(wanted))
}

/** What is asked for, in messages. */
function describe(wanted: Value): string {
  return wanted instanceof Text ? quoted(wanted.text) : plain(wanted)
}

function plain(wanted: Value): string {
  if (wanted instanceof Text) return wanted.text.slice(0, 100)
  return typeof wanted === 'number' ? `item ${wanted}` : `item by ${typeName(wanted)}`
}

function itemIn(object: Value, key: Value, budget: Budget): Value | undefined {
  if (object instanceof Dict) return key instanceof Text ? object.get(key.text) : undefined
  if (typeof key !== 'number' && typeof key !== 'boolean') return undefined
  if (object instanceof List) return object.items.at(Number(key))
  return object instanceof Text ? characters(object, budget).at(Number(key)) : undefined
}

function ownAttribute(object: Value, name: string, budget: Budget): Value | undefined {
  if (object instanceof Namespace || object instanceof CallableObject) return object.get(name)
  if (object instanceof Text) return bound(STRING_METHODS.get(name), object, object.length, budget)
  if (!(object instanceof List || object instanceof Dict)) return undefined
  if (CHANGING.has(name)) return new Undefined(name)
  return object instanceof Dict ? bound(DICT_METHODS.get(name), object, object.size, budget) : undefined
}

/** A method of a value, each call of which goes through so many characters or members. */
function bound<T>(
  method: ((value: T, args: Arguments, budget: Budget) => Value) | undefined,
  value: T,
  size: number,
  budget: Budget,
): Callable | undefined {
  if (!method) return undefined
  return new Callable((args) => {
    budget.through(size)
    return method(value, args, budget)
  })
}

/** A call of something that cannot be called; `name` is what the template calls it, if it has a name. */
export function functionMissing(name: string | undefined, value: Value) {
  if (name === undefined) return templateFailed(`${typeName(value)} is called`)
  if (value instanceof Undefined) return templateNeeds('function', name, GLOBAL_FUNCTIONS)
  return templateFailed(`${quoted(name)} is ${typeName(value)}, not a function`)
}

/** The same for a method of `object`. */
export function methodMissing(name: string, object: Value) {
  if ((object instanceof List || object instanceof Dict) && CHANGING.has(name)) {
    return templateFailed(
      `the method ${quoted(name)} would change ${typeName(object)}, which templates may not`,
    )
  }
  if (!(object instanceof Text || object instanceof Dict)) {
    return templateFailed(`${typeName(object)} has no method ${quoted(name)}`)
  }
  return templateNeeds('method', name, [...STRING_METHODS.keys(), ...DICT_METHODS.keys()])
}
