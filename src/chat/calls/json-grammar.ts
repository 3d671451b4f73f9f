import { EMPTY, type Node, sequence, text } from '../../grammar/grammar.js'
import { COMMA, SPACE } from '../../grammar/schema/json-text.js'
import type { JsonSyntax } from '../reply/call-syntax.js'
import type { CallWriter } from './writer.js'

/** Calls as JSON objects. */
export function jsonGrammar(syntax: JsonSyntax, writer: CallWriter): Node {
  const { open, close, list, separator, keys = ['name', 'arguments'], idKey } = syntax
  const call = writer.jsonCall(keys, idKey)
  const separated = separator === undefined ? undefined : sequence([SPACE, text(separator), SPACE])
  const calls = list ? writer.several(call, COMMA) : separated ? writer.several(call, separated) : call
  return sequence([
    open === '' ? EMPTY : writer.marked(open),
    SPACE,
    list === 'closed' ? text('[') : EMPTY,
    list ? SPACE : EMPTY,
    calls,
    list ? sequence([SPACE, text(']')]) : EMPTY,
    ...(close === undefined ? [] : [SPACE, writer.marked(close)]),
  ])
}
