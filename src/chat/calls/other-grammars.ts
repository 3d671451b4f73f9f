import { rangesOf } from '../../grammar/code-points.js'
import { choice, EMPTY, type Node, optional, repeat, sequence, set, text } from '../../grammar/grammar.js'
import { COMMA, SPACE } from '../../grammar/schema/json-text.js'
import { jsonGrammar } from './json-grammar.js'
import { inOrder } from './tag-grammars.js'
import { type CallArgument, type CallWriter, plainId, quotedAttribute } from './writer.js'

const NAME_IN_PYTHON = /^[A-Za-z_][\w.-]*$/

/** `key=value` pairs and the like with commas between them, some of them optional. */
function separated(
  members: readonly CallArgument[],
  comma: Node,
  written: (one: CallArgument) => Node,
): Node {
  // What follows a member that is there, and what follows if none has been there.
  let behind: Node = EMPTY
  let first: Node = EMPTY
  for (const member of [...members].reverse()) {
    const here = written(member)
    const next = sequence([comma, here])
    const after = behind
    first = member.isRequired ? sequence([here, after]) : choice([sequence([here, after]), first])
    behind = member.isRequired ? sequence([next, after]) : sequence([optional(next), after])
  }
  return first
}

/** Calls in Python: `[name(key="text", other=1)]`; as JSON if a name is not one in Python. */
export function pythonGrammar(
  { open, close }: { readonly open: string; readonly close: string },
  writer: CallWriter,
): Node {
  const isPython = writer.tools.every(
    ({ name, members }) =>
      NAME_IN_PYTHON.test(name) && members?.every((member) => NAME_IN_PYTHON.test(member.name)),
  )
  if (!isPython) return jsonGrammar({ kind: 'json', open, close, list: 'closed' }, writer)
  const call = writer.oneOf(({ name, members = [] }) => {
    const pairs = separated(members, COMMA, ({ name: key, value }) => sequence([text(`${key}=`), value]))
    return sequence([text(`${name}(`), pairs, text(')')])
  })
  return sequence([
    writer.marked(open),
    SPACE,
    text('['),
    writer.several(call, COMMA),
    text(']'),
    SPACE,
    writer.marked(close),
  ])
}

/** Mistral's calls: with the name before the arguments, or as a list of JSON objects where the vocabulary is an older one. */
export function mistralGrammar(writer: CallWriter): Node {
  const [OPEN, ID, ARGS] = ['[TOOL_CALLS]', '[CALL_ID]', '[ARGS]']
  const id = optional(sequence([writer.marked(ID), plainId(9, 9)]))
  const named = writer.oneOf(({ name, json }) =>
    sequence([writer.marked(OPEN), text(name), id, writer.marked(ARGS), SPACE, json]),
  )
  if (writer.isControl(ARGS)) return named
  return choice([jsonGrammar({ kind: 'json', open: OPEN, list: 'closed' }, writer), named])
}

const GEMMA_QUOTE = '<|"|>'
const GEMMA_KEY = /^[\w.-]+$/

/** Gemma's calls: keys without quotes and strings between markers; lists and objects are JSON. */
export function gemmaGrammar(writer: CallWriter): Node {
  const quote = writer.marked(GEMMA_QUOTE)
  const pair = ({ name, isText, value }: CallArgument) =>
    sequence([text(`${name}:`), isText ? sequence([quote, value, quote]) : value])
  const call = writer.oneOf(({ name, json, members }) => {
    const isPlain = members?.every((member) => GEMMA_KEY.test(member.name))
    const body =
      isPlain && members ? sequence([text('{'), separated(members, text(','), pair), text('}')]) : json
    return sequence([text(`call:${name}`), body])
  })
  return sequence([writer.marked('<|tool_call>'), call, writer.marked('<tool_call|>')])
}

const M3_MARK = ']<]minimax[>['

/** MiniMax M3's calls. Lists and objects are JSON within their element. */
export function minimaxM3Grammar(writer: CallWriter): Node {
  const tag = (name: string) => writer.marked(`${M3_MARK}<${name}>`)
  const element = ({ name, value }: CallArgument) => sequence([tag(name), value, tag(`/${name}`)])
  const call = writer.oneOf(({ name, members = [] }) =>
    sequence([tag(`invoke name="${name}"`), SPACE, inOrder(members, element), tag('/invoke')]),
  )
  const line = optional(text('\n'))
  return sequence([tag('tool_call'), line, writer.several(call, line), line, tag('/tool_call')])
}

/** Harmony's calls: messages to a function. */
export function harmonyCall(writer: CallWriter): Node {
  const end = choice([writer.marked('<|call|>'), writer.marked('<|end|>')])
  const json = optional(sequence([text(' '), writer.marked('<|constrain|>'), text('json')]))
  return writer.oneOf((tool) =>
    sequence([text(` to=functions.${tool.name}`), json, writer.marked('<|message|>'), tool.json, end]),
  )
}

/** The header before the recipient of a call. */
export function harmonyStart(writer: CallWriter): Node {
  const role = sequence([writer.marked('<|start|>'), text('assistant')])
  return sequence([optional(role), writer.marked('<|channel|>'), text('commentary')])
}

/** Functionary's calls: `name\n{…}`. */
export function functionaryCall(writer: CallWriter): Node {
  return writer.oneOf(({ name, json }) => sequence([text(`${name}\n`), SPACE, json]))
}

const JSON_TYPES = ['number', 'integer', 'boolean', 'object', 'array', 'null']

/** One call of Kimi K3. */
export function kimiK3Call(writer: CallWriter): Node {
  const open = (tag: string) => writer.marked(`<|open|>${tag}<|sep|>`)
  const close = (tag: string) => writer.marked(`<|close|>${tag}<|sep|>`)
  const type = (isText: boolean) => (isText ? text('string') : choice(JSON_TYPES.map(text)))
  const argument = ({ name, isText, value }: CallArgument) =>
    sequence([
      writer.marked(`<|open|>argument key="${quotedAttribute(name)}" type="`),
      type(isText),
      writer.marked('"<|sep|>'),
      value,
      close('argument'),
    ])
  const index = sequence([text(' index="'), repeat(set(rangesOf('0123456789')), 1, 3), text('"')])
  return writer.oneOf(({ name, json, members }) =>
    sequence([
      writer.marked(`<|open|>call tool="${quotedAttribute(name)}"`),
      optional(index),
      writer.marked('<|sep|>'),
      members ? inOrder(members, argument) : sequence([open('json type="object"'), json, close('json')]),
      close('call'),
    ]),
  )
}

/** Kimi K3's calls, after the response if the prompt has opened it. */
export function kimiK3Grammar(writer: CallWriter): Node {
  const call = kimiK3Call(writer)
  const response = optional(writer.marked('<|close|>response<|sep|>'))
  return sequence([
    response,
    writer.marked('<|open|>tools<|sep|>'),
    writer.several(call, EMPTY),
    writer.marked('<|close|>tools<|sep|>'),
  ])
}
