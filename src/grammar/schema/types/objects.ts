import { choice, EMPTY, isNever, NEVER, type Node, optional, repeat, sequence, text } from '../../grammar.js'
import { intersection } from '../../regular/dfa.js'
import { tooLarge, unsupported } from '../failures.js'
import { type Flat, type Placed, unlimited } from '../flat.js'
import { COMMA, SPACE } from '../json-text.js'
import type { Rules } from '../rules.js'
import { fits } from '../values.js'
import { eachOnce, KINDS, kindPattern } from './distinct.js'
import { type FurtherNames, finiteNames, furtherNames, namesNode } from './names.js'

/** How many omitted optional members are tracked, so that they may still come later. */
const MAX_LATE = 6

/** Limit on members × counts. */
const MAX_COUNTED = 4000

/** A member that the schema lists. */
interface Member {
  readonly node: Node
  readonly required: boolean
}

/** The parts of an object. */
interface Parts {
  readonly pointer: string
  readonly members: readonly Member[]
  /** A member that is not listed. */
  readonly extra: Node
  readonly further: readonly FurtherNames[]
  /** Names of the members. */
  readonly listed: ReadonlySet<string>
  readonly min: number
  readonly max: number
}

/**
 * Objects: the properties in the schema's order, optional ones possibly omitted, then additional ones. If additional ones
 * are allowed, a few of the omitted ones may come among them.
 */
export function objectNode(flat: Flat, rules: Rules): Node {
  const { pointer, minProperties: min, maxProperties: max } = flat
  const described = withNames(flat, rules)
  const names = new Set([...described.properties.keys(), ...described.required])
  const all = membersOf(described, names, rules)
  if (min > max || all.some(({ node, required }) => required && isNever(node))) return NEVER
  const living = all.filter(({ node }) => !isNever(node))
  const members = living.map(({ node, required }) => ({ node: rules.define(pointer, node), required }))
  const further = furtherNames(described, names, rules)
  const extras = further.map(({ node, value }) => sequence([node, text(':'), SPACE, rules.valueOf(value)]))
  const extra = extras.length > 0 ? rules.define(pointer, choice(extras)) : NEVER
  const parts: Parts = { pointer, members, extra, further, listed: names, min, max }
  const isTracked = mustCount(parts) || mayComeLate(parts)
  const content = isTracked ? new Tracked(parts, rules).content() : inOrder(parts, rules)
  return sequence([text('{'), SPACE, content, text('}')])
}

/** Whether minProperties or maxProperties depends on which members are present. */
function mustCount({ members, extra, min, max }: Parts): boolean {
  const needed = members.filter(({ required }) => required).length
  const most = isNever(extra) ? members.length : Number.POSITIVE_INFINITY
  return min > Math.max(1, needed) || max < most
}

function mayComeLate({ members, extra }: Parts): boolean {
  const skippable = members.filter(({ required }) => !required).length
  return (
    !isNever(extra) &&
    skippable > 0 &&
    skippable <= MAX_LATE &&
    members.length * 2 ** skippable <= MAX_COUNTED
  )
}

/** Adds the names enumerated by `propertyNames` to the listed ones and forbids names that it does not allow. */
function withNames(flat: Flat, rules: Rules): Flat {
  const { propertyNames, pointer } = flat
  if (propertyNames.length === 0) return flat
  const properties = new Map(flat.properties)
  const finite = finiteNames(propertyNames, rules)
  for (const name of [...properties.keys(), ...flat.required, ...(finite ?? [])]) {
    const isAllowed = propertyNames.every((placed) =>
      rules.resolver.alternatives(placed).some((each) => fits(name, each, rules)),
    )
    if (!isAllowed) properties.set(name, { schema: false, pointer })
    else if (finite && !properties.has(name)) {
      properties.set(name, rules.resolver.member(flat, name) ?? { schema: true, pointer })
    }
  }
  return { ...flat, properties }
}

function membersOf(flat: Flat, names: ReadonlySet<string>, rules: Rules): Member[] {
  return Array.from(names, (name) => {
    // Required but not described: as an additional property.
    const placed: Placed = rules.resolver.member(flat, name) ?? { schema: true, pointer: flat.pointer }
    return {
      node: sequence([text(`${JSON.stringify(name)}:`), SPACE, rules.valueOf(placed)]),
      required: flat.required.has(name),
    }
  })
}

/** Nothing to count or track: a chain of rules, so that nothing is deeply nested. */
function inOrder({ pointer, members, extra, min }: Parts, rules: Rules): Node {
  // The continuation after each member.
  let rest = repeat(sequence([COMMA, extra]), 0)
  let first = sequence([extra, rest])
  let mayBeEmpty = min === 0
  for (const { node: member, required } of [...members].reverse()) {
    const after = rest
    const here = sequence([member, after])
    const next = sequence([COMMA, member])
    first = rules.define(pointer, required ? here : choice([here, first]))
    rest = rules.define(pointer, sequence([required ? next : optional(next), after]))
    mayBeEmpty &&= !required
  }
  return choice([mayBeEmpty ? EMPTY : NEVER, sequence([first, SPACE])])
}

/** Members with their count and the omitted ones tracked. */
class Tracked {
  readonly #parts: Parts
  readonly #rules: Rules
  readonly #isLate: boolean
  /** Counts are distinguished up to this number. */
  readonly #counted: number
  readonly #known = new Map<string, Node>()

  constructor(parts: Parts, rules: Rules) {
    this.#parts = parts
    this.#rules = rules
    const { members, min, max, pointer } = parts
    const most = max < Number.POSITIVE_INFINITY ? Math.min(max, members.length) : 0
    this.#counted = Math.max(1, min, most)
    this.#isLate = mayComeLate(parts) && this.#counted <= MAX_LATE
    if (members.length * this.#counted > MAX_COUNTED) {
      throw tooLarge(pointer, `${members.length} properties with minProperties or maxProperties are too many`)
    }
  }

  content(): Node {
    const { members, min } = this.#parts
    const mayBeEmpty = min === 0 && members.every(({ required }) => !required)
    return choice([mayBeEmpty ? EMPTY : NEVER, sequence([this.#from(0, 0, 0), SPACE])])
  }

  /** The continuation from a member on, after `count` members; `left` has bits for omitted ones. Not empty at the start. */
  #from(index: number, count: number, left: number): Node {
    const { members, max, pointer } = this.#parts
    if (index === members.length) return this.#further(count, left)
    const key = `${index} ${count} ${left}`
    let node = this.#known.get(key)
    if (!node) {
      const { node: member, required } = members[index]
      const taken =
        count < max
          ? sequence([count > 0 ? COMMA : EMPTY, member, this.#from(index + 1, this.#next(count), left)])
          : NEVER
      const bit = this.#isLate ? 1 << this.#optionalIndex(index) : 0
      const skipped = required ? NEVER : this.#from(index + 1, count, left | bit)
      node = this.#rules.define(pointer, choice([taken, skipped]))
      this.#known.set(key, node)
    }
    return node
  }

  #further(count: number, left: number): Node {
    const { extra, members, min, max, pointer } = this.#parts
    const separator = count > 0 ? COMMA : EMPTY
    if (left === 0) return this.#extras(count)
    const key = `further ${count} ${left}`
    let node = this.#known.get(key)
    if (node) return node
    // Declared as a rule first, because the continuation of an additional member refers back to it.
    node = this.#rules.define(pointer, EMPTY)
    this.#known.set(key, node)
    const options: Node[] = count >= min && count > 0 ? [EMPTY] : []
    if (count < max) {
      if (this.#mayRepeat(count))
        options.push(sequence([separator, extra, this.#further(this.#next(count), left)]))
      for (const [i, { node: member, required }] of members.entries()) {
        const bit = required ? 0 : 1 << this.#optionalIndex(i)
        if ((left & bit) === 0) continue
        options.push(sequence([separator, member, this.#further(this.#next(count), left & ~bit)]))
      }
      if (!this.#mayRepeat(count)) options.push(this.#extras(count))
    }
    this.#rules.redefine(node, choice(options))
    return node
  }

  /** Whether the number of additional members is unbounded and all of them count. */
  #mayRepeat(count: number): boolean {
    const { min, max } = this.#parts
    return max === Number.POSITIVE_INFINITY && min - count <= 1
  }

  /** Only additional members. Required ones must have distinct names. */
  #extras(count: number): Node {
    const { extra, min, max, pointer } = this.#parts
    const key = `extras ${count}`
    let node = this.#known.get(key)
    if (node) return node
    const needed = Math.max(0, min - count)
    const room = Math.max(0, max - count)
    const some = Math.max(1, needed)
    const begins = sequence([
      count > 0 ? COMMA : EMPTY,
      this.#distinct(some),
      repeat(sequence([COMMA, extra]), 0, Math.max(0, room - some)),
    ])
    const mayEnd = needed === 0 && count > 0
    node = this.#rules.define(pointer, choice([mayEnd ? EMPTY : NEVER, room >= some ? begins : NEVER]))
    this.#known.set(key, node)
    return node
  }

  /** `count` additional members with distinct names. */
  #distinct(count: number): Node {
    const { extra, further, listed, pointer } = this.#parts
    if (count === 1 || isNever(extra)) return extra
    if (count > KINDS) {
      throw unsupported(
        pointer,
        `minProperties demands ${count} names that are not listed; at most ${KINDS} can be told apart`,
        'list them in properties',
      )
    }
    const kinds = Array.from({ length: KINDS }, (_, kind) => {
      const text_ = kindPattern(kind)
      const limit = this.#rules.strings.dfa({
        ...unlimited(pointer),
        patterns: [{ text: text_, pointer, negated: false, isFormat: false }],
      })
      return choice(
        further.map(({ dfa, value }) => {
          const names = this.#rules.strings.bounded(pointer, (budget) => intersection(dfa(), limit, budget))
          return sequence([namesNode(names, listed), text(':'), SPACE, this.#rules.valueOf(value)])
        }),
      )
    })
    return eachOnce(kinds, { min: count, max: count, separator: COMMA, pointer }, this.#rules)
  }

  #next(count: number): number {
    return Math.min(count + 1, this.#counted)
  }

  /** The index of a member among the optional ones. */
  #optionalIndex(index: number): number {
    return this.#parts.members.slice(0, index).filter(({ required }) => !required).length
  }
}
