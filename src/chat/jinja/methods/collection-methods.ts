import { dictOf, itemsView, iterate, keysOf } from '../collections.js'
import { equal } from '../compare.js'
import { templateFailed } from '../failures.js'
import { any, int, type Operation, operation, positional } from '../parameters.js'
import { type Dict, DictView, hashed, List, typeName, type Value } from '../values.js'

/** Methods that a template may not call, because they modify the object. */
export const MUTATING: Readonly<Record<'list' | 'dict', readonly string[]>> = {
  list: ['append', 'clear', 'extend', 'insert', 'pop', 'remove', 'reverse', 'sort'],
  dict: ['clear', 'pop', 'popitem', 'setdefault', 'update'],
}

/** The methods of a mapping. */
export const DICT_METHODS: ReadonlyMap<string, Operation<Dict>> = new Map<string, Operation<Dict>>([
  [
    'get',
    operation({ key: positional(any), default: positional(any.or(null)) }, (dict, given, budget) => {
      budget.key(given.key)
      if (hashed(given.key) === undefined) throw templateFailed(`get: ${typeName(given.key)} cannot be a key`)
      const found = dict.get(given.key)
      return found === undefined ? given.default : found
    }),
  ],
  ['items', operation({}, (dict, _, budget) => itemsView(dict, budget))],
  [
    'keys',
    operation({}, (dict, _, budget) => {
      budget.items(dict.size)
      return new DictView('dict_keys', keysOf(dict))
    }),
  ],
  [
    'values',
    operation({}, (dict, _, budget) => {
      budget.items(dict.size)
      return new DictView(
        'dict_values',
        dict.entries().map(([, value]) => value),
      )
    }),
  ],
  ['copy', operation({}, (dict) => dict)],
  [
    'fromkeys',
    operation(
      { iterable: positional(any), value: positional(any.or(null)) },
      (_, { iterable, value }, budget) =>
        dictOf(
          iterate(iterable, 'fromkeys', budget).map((key) => [key, value] as const),
          budget,
        ),
    ),
  ],
])

/** The methods of a list or a tuple. */
export const LIST_METHODS: ReadonlyMap<string, Operation<List>> = new Map<string, Operation<List>>([
  [
    'count',
    operation({ value: positional(any) }, ({ items }, { value }, budget) => {
      let count = 0
      for (const item of items) if (equal(item, value, budget)) count++
      return count
    }),
  ],
  [
    'index',
    operation(
      {
        value: positional(any),
        start: positional(int.or(0)),
        stop: positional(int.or(Number.POSITIVE_INFINITY)),
      },
      ({ items }, { value, start, stop }, budget) => {
        const clamp = (at: number) => Math.max(0, at < 0 ? at + items.length : at)
        const end = Math.min(clamp(stop), items.length)
        for (let at = clamp(start); at < end; at++) if (equal(items[at], value, budget)) return at
        throw templateFailed('index: the value is not in the list')
      },
    ),
  ],
  ['copy', operation({}, (list): Value => new List(list.items))],
])
