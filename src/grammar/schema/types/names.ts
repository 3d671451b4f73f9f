import { complement, rangesOf } from '../../code-points.js'
import { choice, EMPTY, NEVER, type Node, repeat, sequence } from '../../grammar.js'
import { determinize } from '../../regular/determinize.js'
import { DEAD, type Dfa, difference, intersection, isEmpty, universal } from '../../regular/dfa.js'
import { texts } from '../../regular/expression.js'
import { tooLarge, unsupported } from '../failures.js'
import { type Flat, type Placed, type PlacedPattern, unlimited } from '../flat.js'
import { automatonNode, quoted, spelled } from '../json-text.js'
import type { Rules } from '../rules.js'
import { fits } from '../values.js'
import type { Strings } from './strings.js'

/** Longest property name if additional properties are allowed. */
const MAX_NAME_LENGTH = 500

/** Name patterns per object: each may double the number of name classes. */
const MAX_PATTERNS = 8

/** Names that a schema does not list, and their values. */
export interface FurtherNames {
  readonly dfa: () => Dfa
  /** Their JSON texts, quotes included. */
  readonly node: Node
  readonly value: Placed
}

/**
 * An object's additional names, grouped by the schema of their values: all matching `patternProperties`, or else
 * `additionalProperties`. Without the latter, other names are generated only if no properties are listed or fewer than
 * required.
 */
export function furtherNames(flat: Flat, listed: ReadonlySet<string>, rules: Rules): FurtherNames[] {
  const { pointer, scopes, propertyNames, properties, minProperties } = flat
  const patterns = new Map(
    scopes.flatMap((scope) => scope.patterns).map(({ pattern }) => [pattern.text, pattern]),
  )
  const isOpen =
    minProperties > listed.size ||
    (patterns.size === 0 &&
      [...properties.values()].every((placed) => rules.resolver.alternatives(placed).length === 0))
  /** The schema for a name that matches these patterns. */
  const valueWhere = (matching: ReadonlySet<string>): Placed | undefined => {
    const said = scopes.flatMap((scope) => {
      const own = scope.patterns.filter(({ pattern }) => matching.has(pattern.text))
      return own.length > 0 ? own.map(({ placed }) => placed) : (scope.additional ?? [])
    })
    const free = isOpen ? { schema: true, pointer } : undefined
    return rules.resolver.all(said) ?? free
  }
  const limits = namesOf(propertyNames, rules)
  if (patterns.size === 0 && limits.length === 0) {
    const value = valueWhere(new Set())
    if (!value || value.schema === false) return []
    return [{ dfa: () => unlisted(listed, pointer, rules), node: otherName(listed, pointer), value }]
  }
  if (patterns.size > MAX_PATTERNS) {
    throw unsupported(
      pointer,
      `${patterns.size} patterns of names in one object are more than ${MAX_PATTERNS}`,
      'join those that have the same schema into one pattern: a|b',
    )
  }
  const all = rules.strings.bounded(pointer, (budget) =>
    limits.reduce((left, limit) => intersection(left, limit, budget), unlisted(listed, pointer, rules)),
  )
  return split(all, [...patterns.values()], new Set(), rules.strings).flatMap(({ dfa, matching }) => {
    const value = valueWhere(matching)
    if (!value || value.schema === false) return []
    return [{ dfa: () => dfa, node: namesNode(dfa, listed), value }]
  })
}

/** Names accepted by an automaton that excludes the listed names. */
export function namesNode(dfa: Dfa, listed: ReadonlySet<string>): Node {
  return quoted(automatonNode(dfa, spelled, passingStates(dfa, listed)))
}

/**
 * The states in which exactly a listed name has been written, so that it cannot be closed. Excludes states that a text
 * could be forced into: every earlier state has another continuation.
 */
function passingStates(dfa: Dfa, listed: ReadonlySet<string>): ReadonlySet<number> {
  const { alphabet, table, accepting } = dfa
  const incoming = new Int32Array(accepting.length)
  for (const to of table) if (to !== DEAD) incoming[to]++
  const passing = new Set<number>()
  for (const name of listed) {
    // In a multi-byte character, the last byte may be forced although the character is not.
    if (!/[ !#-[\]-~]$/.test(name)) continue
    let last = 0
    let isOnly = incoming[0] === 0
    for (const character of name) {
      last = table[last * alphabet.size + alphabet.classOf(character.codePointAt(0)!)]
      isOnly &&= last !== DEAD && incoming[last] === 1
      if (!isOnly) break
    }
    if (isOnly && accepting[last] === 0) passing.add(last)
  }
  for (let state = 0; state < accepting.length && passing.size > 0; state++) {
    const targets = table.subarray(state * alphabet.size, (state + 1) * alphabet.size)
    const isForced = accepting[state] === 0 && targets.every((to) => to === DEAD || passing.has(to))
    if (isForced) for (const to of targets) passing.delete(to)
  }
  return passing
}

function unlisted(listed: ReadonlySet<string>, pointer: string, rules: Rules): Dfa {
  if (listed.size === 0) return universal()
  return rules.strings.bounded(pointer, (budget) =>
    difference(universal(), determinize(texts([...listed]), budget), budget),
  )
}

/** The automata of `propertyNames`, except those that allow every name. */
function namesOf(propertyNames: readonly Placed[], rules: Rules): Dfa[] {
  return propertyNames.flatMap((placed) => {
    const options = rules.resolver.alternatives(placed).filter(isForStrings)
    if (options.some(isFree)) return []
    return rules.strings.bounded(placed.pointer, (budget) => {
      // The complement of what no alternative accepts.
      const outside = options.reduce(
        (left, flat) => difference(left, namesOfFlat(flat, rules), budget),
        universal(),
      )
      return [difference(universal(), outside, budget)]
    })
  })
}

function namesOfFlat(flat: Flat, rules: Rules): Dfa {
  if (!flat.values) return rules.strings.dfa(flat)
  const names = [...flat.values.values()].filter((value): value is string => typeof value === 'string')
  const fitting = names.filter((name) => fits(name, flat, rules))
  return rules.strings.bounded(flat.pointer, (budget) => determinize(texts(fitting), budget))
}

/** The names that `propertyNames` enumerates, if it does. */
export function finiteNames(propertyNames: readonly Placed[], rules: Rules): readonly string[] | undefined {
  for (const placed of propertyNames) {
    const options = rules.resolver.alternatives(placed).filter(isForStrings)
    if (options.some(({ values }) => !values)) continue
    return options.flatMap((flat) =>
      [...flat.values!.values()].filter(
        (value): value is string => typeof value === 'string' && fits(value, flat, rules),
      ),
    )
  }
  return undefined
}

function isForStrings({ types }: Flat): boolean {
  return !types || types.has('string')
}

/** Whether every string is valid. */
function isFree({ values, excluded, minLength, maxLength, patterns }: Flat): boolean {
  const hasLength = minLength > 0 || maxLength < Number.POSITIVE_INFINITY
  return !values && excluded.size === 0 && patterns.length === 0 && !hasLength
}

/** Partitions an automaton's language by the set of matching patterns. */
function split(
  dfa: Dfa,
  patterns: readonly PlacedPattern[],
  matching: ReadonlySet<string>,
  strings: Strings,
): { readonly dfa: Dfa; readonly matching: ReadonlySet<string> }[] {
  if (isEmpty(dfa)) return []
  const [pattern, ...others] = patterns
  if (!pattern) return [{ dfa, matching }]
  const own = strings.dfa({ ...unlimited(pattern.pointer), patterns: [pattern] })
  return strings.bounded(pattern.pointer, (budget) => [
    ...split(intersection(dfa, own, budget), others, new Set([...matching, pattern.text]), strings),
    ...split(difference(dfa, own, budget), others, matching, strings),
  ])
}

/** The remainders of names with a common prefix. */
interface Beginning {
  isName: boolean
  readonly next: Map<string, Beginning>
}

/**
 * Any string but these. Every character has exactly one spelling, so that escapes cannot hide a name; and no token may end
 * where one of the names has been written, because it could not be closed.
 */
function otherName(names: ReadonlySet<string>, pointer: string): Node {
  const root: Beginning = { isName: false, next: new Map() }
  for (const name of names) {
    const characters = Array.from(name)
    if (characters.length > MAX_NAME_LENGTH) {
      throw tooLarge(
        pointer,
        `beside further properties a name may have ${MAX_NAME_LENGTH} characters, not ${characters.length}`,
      )
    }
    let at = root
    for (const character of characters) {
      let next = at.next.get(character)
      if (!next) {
        next = { isName: false, next: new Map() }
        at.next.set(character, next)
      }
      at = next
    }
    at.isName = true
  }
  const anything = repeat(spelled(complement([])), 0)
  const differing = ({ isName, next }: Beginning): Node => {
    const known = [...next].map(([character, beginning]) =>
      sequence([spelled(rangesOf(character)), differing(beginning)]),
    )
    const other = sequence([spelled(complement(rangesOf([...next.keys()].join('')))), anything])
    const node = choice([isName ? NEVER : EMPTY, other, ...known])
    return isName ? { kind: 'passing', node } : node
  }
  return quoted(differing(root))
}
