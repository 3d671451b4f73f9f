import { iterate } from '../collections.js'
import { templateFailed } from '../failures.js'
import { braceFormat, type Members } from '../formatting/braces.js'
import { any, flag, int, type Operation, operation, positional, text } from '../parameters.js'
import { join, positionOrMinusOne, recase, replace, strip } from '../strings/change.js'
import { affixed, counted, found } from '../strings/find.js'
import { justified, tabsExpanded, zeroFilled } from '../strings/justify.js'
import { lines, partition, split, splitFromRight } from '../strings/split.js'
import { mappingOf, translated } from '../strings/translate.js'
import type { Text } from '../text.js'
import { CASES, PREDICATES } from '../unicode.js'
import { Dict, NO_ARGUMENTS, typeName } from '../values.js'

type Method = Operation<Text>

const bounds = {
  sub: positional(text),
  start: positional(int.optional),
  end: positional(int.optional),
}
const affix = { ...bounds, sub: positional(any) }
const width = { width: positional(int), fillchar: positional(text.optional) }
const separated = { sep: text.optional, maxsplit: int.or(-1) }

const stripping = (sides: { readonly left: boolean; readonly right: boolean }): Method =>
  operation({ chars: positional(text.optional) }, (of, { chars }, budget) => strip(of, chars, sides, budget))

/** The methods of a string except `formatMethods`: all of Python's but `encode`, because there are no bytes here. */
export const STRING_METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ...Object.entries(CASES).map(([name, change]): [string, Method] => [
    name,
    operation({}, (of, _, budget) => recase(of, change, budget)),
  ]),
  ...Object.entries(PREDICATES).map(([name, holds]): [string, Method] => [
    name,
    operation({}, (of) => holds(of.text)),
  ]),
  ['strip', stripping({ left: true, right: true })],
  ['lstrip', stripping({ left: true, right: false })],
  ['rstrip', stripping({ left: false, right: true })],
  ['split', operation(separated, (of, { sep, maxsplit }, budget) => split(of, sep, maxsplit, budget))],
  [
    'rsplit',
    operation(separated, (of, { sep, maxsplit }, budget) => splitFromRight(of, sep, maxsplit, budget)),
  ],
  [
    'splitlines',
    operation({ keepends: flag.or(false) }, (of, { keepends }, budget) => lines(of, budget, { keepends })),
  ],
  [
    'partition',
    operation({ sep: positional(text) }, (of, { sep }, budget) => partition(of, sep, 'left', budget)),
  ],
  [
    'rpartition',
    operation({ sep: positional(text) }, (of, { sep }, budget) => partition(of, sep, 'right', budget)),
  ],
  [
    'replace',
    operation({ old: positional(text), new: positional(text), count: int.or(-1) }, (of, given, budget) =>
      replace(of, given.old, given.new, given.count, budget),
    ),
  ],
  [
    'removeprefix',
    operation({ prefix: positional(text) }, (of, { prefix }, budget) => {
      budget.piece(of.runs.length)
      return of.text.startsWith(prefix.text) ? of.slice(prefix.length) : of
    }),
  ],
  [
    'removesuffix',
    operation({ suffix: positional(text) }, (of, { suffix }, budget) => {
      budget.piece(of.runs.length)
      return suffix.length > 0 && of.text.endsWith(suffix.text) ? of.slice(0, of.length - suffix.length) : of
    }),
  ],
  ['startswith', operation(affix, (of, given, budget) => affixed(of, given, 'startsWith', budget))],
  ['endswith', operation(affix, (of, given, budget) => affixed(of, given, 'endsWith', budget))],
  ['find', operation(bounds, (of, given) => positionOrMinusOne(of, found(of, given, 'left')))],
  ['rfind', operation(bounds, (of, given) => positionOrMinusOne(of, found(of, given, 'right')))],
  ['index', operation(bounds, (of, given) => positionOrMinusOne(of, orFail(found(of, given, 'left'))))],
  ['rindex', operation(bounds, (of, given) => positionOrMinusOne(of, orFail(found(of, given, 'right'))))],
  ['count', operation(bounds, (of, given) => counted(of, given))],
  [
    'join',
    operation({ iterable: positional(any) }, (of, { iterable }, budget) => {
      const items = iterate(iterable, 'join', budget)
      return join(items, of, budget, (item) => {
        throw templateFailed(`join: items must be strings, not ${typeName(item)}`)
      })
    }),
  ],
  ['center', operation(width, (of, given, budget) => justified(of, given, 'center', budget))],
  ['ljust', operation(width, (of, given, budget) => justified(of, given, 'left', budget))],
  ['rjust', operation(width, (of, given, budget) => justified(of, given, 'right', budget))],
  [
    'zfill',
    operation({ width: positional(int) }, (of, given, budget) => zeroFilled(of, given.width, budget)),
  ],
  [
    'expandtabs',
    operation({ tabsize: int.or(8) }, (of, { tabsize }, budget) => tabsExpanded(of, tabsize, budget)),
  ],
  [
    'translate',
    operation({ table: positional(any) }, (of, { table }, budget) => translated(of, table, budget)),
  ],
  [
    'maketrans',
    operation(
      { x: positional(any), y: positional(text.optional), z: positional(text.optional) },
      (_, { x, y, z }, budget) => mappingOf(x, y, z, budget),
    ),
  ],
])

/** The methods of a string that read members of values, as `{0.name}` does. */
export function formatMethods(members: Members): ReadonlyMap<string, Method> {
  return new Map<string, Method>([
    ['format', (_, of, args, budget) => braceFormat(of, args, members, budget)],
    [
      'format_map',
      operation({ mapping: positional(any) }, (of, { mapping }, budget) => {
        if (!(mapping instanceof Dict))
          throw templateFailed(`format_map needs a mapping, not ${typeName(mapping)}`)
        return braceFormat(of, { ...NO_ARGUMENTS, named: mapping }, members, budget)
      }),
    ],
  ])
}

function orFail(offset: number): number {
  if (offset < 0) throw templateFailed('index: substring not found')
  return offset
}
