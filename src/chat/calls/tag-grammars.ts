import { EMPTY, type Node, optional, sequence, text } from '../../grammar/grammar.js'
import { SPACE } from '../../grammar/schema/json-text.js'
import type { KeyedStyle } from '../reply/formats/keyed-calls.js'
import type { Tag, TagStyle } from '../reply/formats/tagged-calls.js'
import type { CallArgument, CallWriter } from './writer.js'

/** The arguments, one after another; those that are not required may be left out. */
export function inOrder(members: readonly CallArgument[], written: (argument: CallArgument) => Node): Node {
  return sequence(members.map((member) => (member.isRequired ? written(member) : optional(written(member)))))
}

/** An opening tag with a name. Where the style has an attribute for it, it is in quotes. */
function opening({ open }: Tag, name: string, attributes = ''): string {
  return open.endsWith('name=') ? `${open}"${name}"${attributes}>` : `${open}${name}${attributes}>`
}

/** One call in tags. */
export function taggedCall(style: TagStyle, writer: CallWriter): Node {
  const { call, parameter, hasOwnLines, namesTypes } = style
  const line = hasOwnLines ? text('\n') : EMPTY
  const argument = ({ name, isText, value }: CallArgument) => {
    const types = namesTypes ? ` string="${isText}"` : ''
    const open = writer.marked(opening(parameter, name, types))
    return sequence([open, line, value, line, writer.marked(parameter.close), SPACE])
  }
  return writer.oneOf(({ name, json, members }) => {
    const body = members ? inOrder(members, argument) : sequence([json, SPACE])
    return sequence([writer.marked(opening(call, name)), SPACE, body, writer.marked(call.close)])
  })
}

/** Calls in tags, within the outer tags if the style has them. */
export function taggedGrammar(style: TagStyle, writer: CallWriter): Node {
  const { outer } = style
  const call = taggedCall(style, writer)
  if (!outer) return call
  return sequence([
    writer.marked(outer.open),
    SPACE,
    writer.several(call, SPACE),
    SPACE,
    writer.marked(outer.close),
  ])
}

/** Regular expressions of what a string between tags must not be, because it would be read as something else. */
export function excludedInTags({ outer, call, parameter, hasOwnLines, hasCdata }: TagStyle): string[] {
  const opens = [parameter.open, parameter.otherwise].flatMap((tag) =>
    tag === undefined ? [] : [escaped(tag)],
  )
  const follows = [outer?.close, outer?.open, call.open, call.otherwise]
    .flatMap((tag) => (tag === undefined ? [] : [escaped(tag)]))
    .join('|')
  return [
    escaped(parameter.close),
    ...opens.map((open) => (hasOwnLines ? `(^|\\n)${open}` : `\\n${open}`)),
    `${escaped(call.close)}\\s*(${follows})`,
    ...(hasCdata ? ['^\\s*<!\\[CDATA\\['] : []),
    ...(hasOwnLines ? ['\\r$'] : ['^\\r?\\n', '^\\s*\\n$']),
  ]
}

/** One call of keys and values in tags. */
export function keyedCall(style: KeyedStyle, writer: CallWriter): Node {
  const { call, key, value, separator } = style
  const argument = ({ name, value: node }: CallArgument) =>
    sequence([
      writer.marked(`${key.open}${name}${key.close}`),
      SPACE,
      writer.marked(value.open),
      node,
      writer.marked(value.close),
      SPACE,
    ])
  return writer.oneOf(({ name, json, members }) =>
    sequence([
      writer.marked(`${call.open}${name}${separator ?? ''}`),
      SPACE,
      members ? inOrder(members, argument) : sequence([json, SPACE]),
      writer.marked(call.close),
    ]),
  )
}

/** The same, within the tags around all calls if the style has them. */
export function keyedGrammar(style: KeyedStyle, writer: CallWriter): Node {
  const { section } = style
  const call = keyedCall(style, writer)
  if (!section) return call
  const calls = writer.several(call, SPACE)
  return sequence([writer.marked(section.open), SPACE, calls, SPACE, writer.marked(section.close)])
}

/** A text as a regular expression. */
export function escaped(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
