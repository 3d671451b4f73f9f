import type { CodePointRange } from '../../code-points.js'
import { choice, EMPTY, isNever, NEVER, type Node, repeat, sequence, text } from '../../grammar.js'
import { tooLarge, unsupported } from '../failures.js'
import { type Flat, type Placed, type Type, typeOf, valueMap } from '../flat.js'
import { quoted, STRING_CHARACTER, spelled } from '../json-text.js'
import type { Rules } from '../rules.js'
import { fits } from '../values.js'

/**
 * Unique items. Each value of a finite list is used once: in any order as long as the subsets of used values can be
 * distinguished, otherwise in the order of the list. Strings and numbers from infinite sets are unique if their first
 * characters are of different kinds, so there are at most as many items as kinds. Objects are unique if one of their
 * required strings is.
 */

/** Kinds of first characters: ten, so that each digit has its own kind. */
export const KINDS = 10

/** Limit on subsets of used items or, for ordered items, on items × counts. */
const MAX_SUBSETS = 1100
const MAX_ORDERED = 2000

/** Characters of each kind: ASCII by code, others by their block of 16. */
function kindRanges(kind: number): CodePointRange[] {
  const ranges: CodePointRange[] = []
  for (let code = kind; code < 0x80; code += KINDS) ranges.push([code, code])
  for (let block = 8 + kind; block < 0x1000; block += KINDS) ranges.push([block * 16, block * 16 + 15])
  const plane = Math.ceil(0x100000 / KINDS)
  ranges.push([0x10000 + kind * plane, Math.min(0x10ffff, 0x10000 + (kind + 1) * plane - 1)])
  return ranges
}

/** Matches strings that begin with a character of a kind; the empty string is of the first kind. */
export function kindPattern(kind: number): string {
  const hex = (code: number) => `\\u{${code.toString(16)}}`
  const ranges = kindRanges(kind)
    .filter(([low]) => low < 0xd800 || low > 0xdfff)
    .map(([low, high]) => `${hex(low)}-${hex(high)}`)
  const begins = `[${ranges.join('')}]`
  return kind === 0 ? `^(?:${begins}[^]*)?$` : `^${begins}`
}

/** The disjoint choices from which unique items are taken; `undefined` if items cannot be kept unique this way. */
export function distinctItems(placed: Placed, pointer: string, rules: Rules): readonly Node[] {
  const flats = rules.resolver.alternatives(placed)
  const values = finiteValues(flats, rules)
  if (values) return values.map((value) => text(JSON.stringify(value)))
  return Array.from({ length: KINDS }, (_, kind) =>
    choice(flats.map((flat) => ofKind(flat, kind, placed, pointer, rules))),
  )
}

/** All valid values, if they are a finite list. */
function finiteValues(flats: readonly Flat[], rules: Rules): readonly unknown[] | undefined {
  const all: unknown[] = []
  for (const flat of flats) {
    const types = flat.types ?? flat.mentioned
    const isSmall = types.size > 0 && [...types].every((type) => type === 'null' || type === 'boolean')
    const candidates = flat.values ? [...flat.values.values()] : isSmall ? [null, true, false] : undefined
    if (!candidates) return undefined
    all.push(...candidates.filter((value) => fits(value, flat, rules)))
  }
  return [...valueMap(all).values()]
}

const CONSTANTS: readonly unknown[] = [null, true, false]

function ofKind(flat: Flat, kind: number, placed: Placed, pointer: string, rules: Rules): Node {
  if (flat.values) {
    const values = [...flat.values.values()].filter(
      (value) => fits(value, flat, rules) && kindOf(value) === kind,
    )
    return choice(values.map((value) => text(JSON.stringify(value))))
  }
  const types = flat.types ?? (flat.mentioned.size > 0 ? flat.mentioned : undefined)
  const has = (type: Type) => !types || types.has(type)
  const options = CONSTANTS.filter(
    (value) => has(typeOf(value)) && kindOf(value) === kind && fits(value, flat, rules),
  ).map((value) => text(JSON.stringify(value)))
  if (has('string')) options.push(stringOfKind(flat, kind, pointer, rules))
  if (has('number') || has('integer'))
    options.push(rules.numberOfKind(flat, has('number') ? 'number' : 'integer', kind))
  if (types && [...types].every((type) => type === 'object')) {
    const name = distinctName(flat, rules)
    if (name !== undefined) {
      const differing = { properties: { [name]: { pattern: kindPattern(kind) } } }
      return rules.valueOf(rules.resolver.both(placed, { schema: rules.same(differing), pointer }))
    }
  }
  if (types && (has('object') || has('array')) && options.length === 0) {
    throw unsupported(
      pointer,
      'items that must differ, and are arrays, or objects that require no string, are not supported',
      'leave uniqueItems out and check the items afterwards',
    )
  }
  return choice(options)
}

/** Strings that begin with a character of a kind. */
function stringOfKind(flat: Flat, kind: number, pointer: string, rules: Rules): Node {
  const { minLength: min, maxLength: max, patterns, excluded } = flat
  if (patterns.length > 0 || excluded.size > 0) {
    return rules.stringNode({ ...flat, patterns: [...patterns, begins(kind, pointer)] })
  }
  const rest = repeat(STRING_CHARACTER, Math.max(0, min - 1), max - 1)
  const filled = max === 0 ? NEVER : sequence([spelled(kindRanges(kind)), rest])
  return quoted(choice([kind === 0 && min === 0 ? EMPTY : NEVER, filled]))
}

function begins(kind: number, pointer: string) {
  return { text: kindPattern(kind), pointer, negated: false, isFormat: false }
}

function kindOf(value: unknown): number {
  if (typeof value === 'number') return Number(String(Math.abs(value))[0])
  if (typeof value === 'string') {
    const first = value.codePointAt(0)
    if (first === undefined) return 0
    return Array.from({ length: KINDS }, (_, kind) => kind).find((kind) =>
      kindRanges(kind).some(([low, high]) => first >= low && first <= high),
    )!
  }
  return Math.max(0, CONSTANTS.indexOf(value))
}

/** A required property that can only be a string. */
function distinctName(flat: Flat, rules: Rules): string | undefined {
  return [...flat.required].find((name) => {
    const placed = rules.resolver.member(flat, name)
    if (!placed) return false
    const options = rules.resolver.alternatives(placed)
    return options.length > 0 && options.every(({ types }) => types?.size === 1 && types.has('string'))
  })
}

/** Whether the number of subsets up to a size is within the limit. */
function areCountable(choices: number, most: number): boolean {
  let subsets = 1
  let ofSize = 1
  for (let size = 1; size <= Math.min(most, choices); size++) {
    ofSize = (ofSize * (choices - size + 1)) / size
    subsets += ofSize
    if (subsets > MAX_SUBSETS) return false
  }
  return true
}

/** Length limits of a list, and its separator. */
export interface ListShape {
  readonly min: number
  readonly max: number
  readonly separator: Node
  readonly pointer: string
}

/** A list of some of the choices, each at most once. */
export function eachOnce(choices: readonly Node[], shape: ListShape, rules: Rules): Node {
  const living = choices
    .filter((each) => !isNever(each))
    .map((each) => (each.kind === 'text' ? each : rules.define(shape.pointer, each)))
  const max = Math.min(shape.max, living.length)
  if (shape.min > max) return NEVER
  const bounded = { ...shape, max }
  return areCountable(living.length, max)
    ? inAnyOrder(living, bounded, rules)
    : inTheirOrder(living, bounded, rules)
}

function inAnyOrder(
  choices: readonly Node[],
  { min, max, separator, pointer }: ListShape,
  rules: Rules,
): Node {
  const known = new Map<string, Node>()
  const rest = (left: readonly number[]): Node => {
    const key = left.join()
    let node = known.get(key)
    if (!node) {
      const count = choices.length - left.length
      const options: Node[] = count >= min ? [EMPTY] : []
      for (const [i, each] of count < max ? left.entries() : []) {
        const others = rest([...left.slice(0, i), ...left.slice(i + 1)])
        options.push(sequence([count > 0 ? separator : EMPTY, choices[each], others]))
      }
      node = rules.define(pointer, choice(options))
      known.set(key, node)
    }
    return node
  }
  return rest(choices.map((_, i) => i))
}

/** Built from the last choice: the continuation by number of items written. Choices beyond a limit are left out. */
function inTheirOrder(choices: readonly Node[], shape: ListShape, rules: Rules): Node {
  const { min, separator, pointer } = shape
  const counted = Math.max(1, shape.max < choices.length ? shape.max : min)
  const kept = choices.slice(0, Math.max(min, Math.floor(MAX_ORDERED / (counted + 1))))
  if (kept.length * (counted + 1) > 2 * MAX_ORDERED) {
    throw tooLarge(pointer, `${min} items that must differ, of ${choices.length}, are too many to tell apart`)
  }
  let after = Array.from({ length: counted + 1 }, (_, count) => (count >= min ? EMPTY : NEVER))
  for (const each of [...kept].reverse()) {
    const next = after
    after = next.map((skipped, count) => {
      const isFull = count === shape.max
      const taken = sequence([count > 0 ? separator : EMPTY, each, next[Math.min(count + 1, counted)]])
      return rules.define(pointer, choice([isFull ? NEVER : taken, skipped]))
    })
  }
  return after[0]
}
