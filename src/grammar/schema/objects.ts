import { complement, rangesOf } from '../code-points.js'
import { choice, EMPTY, NEVER, type Node, optional, repeat, sequence, text } from '../grammar.js'
import type { Rules } from './convert.js'
import { tooLarge } from './failures.js'
import type { Flat, Placed } from './flat.js'
import { COMMA, quoted, SPACE, spelled } from './json-text.js'

/** Characters of a property's name where further properties are allowed. */
const MAX_NAME_LENGTH = 500

/** A member that the schema speaks of. */
interface Member {
  readonly name: string
  readonly node: Node
  readonly required: boolean
}

/**
 * Objects: the properties in the order of the schema, those that are not required or left out, then further ones. Without
 * `additionalProperties` there are further ones only where no property is listed.
 */
export function objectNode(flat: Flat, rules: Rules): Node {
  const { pointer, properties, required } = flat
  const further = flat.additional ?? (properties.size === 0 ? { schema: true, pointer } : undefined)
  const members = membersOf(flat, rules)
  const names = new Set([...properties.keys(), ...required])
  const extra = further ? rules.define(pointer, extraMember(names, further, rules)) : NEVER
  // What may come after the members up to each one; a rule each, so that nothing is deeply nested.
  let rest = repeat(sequence([COMMA, extra]), 0)
  let first = sequence([extra, rest])
  let mayBeEmpty = true
  for (const { node, required } of members.reverse()) {
    const member = rules.define(pointer, node)
    const after = rest
    const here = sequence([member, after])
    const next = sequence([COMMA, member])
    first = rules.define(pointer, required ? here : choice([here, first]))
    rest = rules.define(pointer, sequence([required ? next : optional(next), after]))
    mayBeEmpty &&= !required
  }
  const content = sequence([first, SPACE])
  return sequence([text('{'), SPACE, choice([mayBeEmpty ? EMPTY : NEVER, content]), text('}')])
}

function membersOf({ pointer, properties, required, additional }: Flat, rules: Rules): Member[] {
  const member = (name: string, placed: Placed): Member => ({
    name,
    node: sequence([text(`${JSON.stringify(name)}:`), SPACE, rules.valueOf(placed)]),
    required: required.has(name),
  })
  const listed = Array.from(properties, ([name, placed]) => member(name, placed))
  // Required and not described: whatever may be added.
  const others = [...required].filter((name) => !properties.has(name))
  return [...listed, ...others.map((name) => member(name, additional ?? { schema: true, pointer }))]
}

/** A member with a name that is none of these. */
function extraMember(names: ReadonlySet<string>, placed: Placed, rules: Rules): Node {
  return sequence([otherName(names, placed.pointer), text(':'), SPACE, rules.valueOf(placed)])
}

/** What is still to be read of the names that begin alike. */
interface Beginning {
  isName: boolean
  readonly next: Map<string, Beginning>
}

/** A string that is none of these. Every character has one spelling here, so that none can be written in disguise. */
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
    return choice([isName ? NEVER : EMPTY, other, ...known])
  }
  return quoted(differing(root))
}
