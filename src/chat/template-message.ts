import { toValue } from './jinja/convert.js'
import { FROM_TEMPLATE, type Provenance, Text } from './jinja/text.js'
import { Dict, List, type Value } from './jinja/values.js'
import type { ChatMessage, Role } from './message.js'

/** A message as a template gets it, each text with its provenance. */
export interface TemplateMessage {
  readonly role: Role
  readonly content: Text
  readonly reasoning?: Text
  readonly calls?: readonly TemplateCall[]
  readonly callId?: Text
  readonly name?: Text
  readonly provenance: Provenance
}

interface TemplateCall {
  readonly id: Text | undefined
  readonly name: Text
  /** A mapping. */
  readonly args: Value
  /** The same as a JSON string. */
  readonly argsText: Text
}

/** How templates differ in what they expect of a message. */
export interface MessageShape {
  /** The content of a message that only calls tools is `none` rather than an empty string. */
  readonly noneForEmpty: boolean
  /** A call's arguments are a JSON string rather than an object. */
  readonly textArguments: boolean
  /** Content is a list of parts, `[{ type: 'text', text }]`. */
  readonly parts: boolean
}

/** All texts of the result have this provenance. */
export function toTemplateMessage(message: ChatMessage, provenance: Provenance): TemplateMessage {
  const own = (text: string | undefined) => (text === undefined ? undefined : Text.of(text, provenance))
  return {
    role: message.role,
    content: Text.of(message.content, provenance),
    reasoning: message.reasoning ? own(message.reasoning) : undefined,
    calls:
      message.toolCalls && message.toolCalls.length > 0
        ? message.toolCalls.map(({ id, name, arguments: args }) => {
            const text = typeof args === 'string' ? args : JSON.stringify(args)
            return {
              id: own(id),
              name: Text.of(name, provenance),
              args: toValue(typeof args === 'string' ? JSON.parse(args) : args, provenance, 'a tool call'),
              argsText: Text.of(text, provenance),
            }
          })
        : undefined,
    callId: own(message.toolCallId),
    name: own(message.name),
    provenance,
  }
}

/** The message in the form that templates expect, which is that of OpenAI's API. */
export function messageValue(message: TemplateMessage, shape: MessageShape): Value {
  const word = (text: string) => Text.of(text, FROM_TEMPLATE)
  const entries: [string, Value | undefined][] = [
    ['role', word(message.role)],
    ['content', contentValue(message, shape)],
    // The name in Qwen's templates and llama.cpp, and the one in gpt-oss'.
    ['reasoning_content', message.reasoning],
    ['thinking', message.reasoning],
    ['name', message.name],
    ['tool_call_id', message.callId],
    ['tool_calls', message.calls && new List(message.calls.map((call) => callValue(call, shape)))],
  ]
  return dict(entries)

  function callValue({ id, name, args, argsText }: TemplateCall, { textArguments }: MessageShape): Value {
    const inner = dict([
      ['name', name],
      ['arguments', textArguments ? argsText : args],
    ])
    return dict([
      ['id', id],
      ['type', word('function')],
      ['function', inner],
    ])
  }
}

function contentValue({ content, calls }: TemplateMessage, { noneForEmpty, parts }: MessageShape): Value {
  if (calls && content.length === 0 && noneForEmpty) return null
  if (!parts) return content
  return new List([
    dict([
      ['type', Text.of('text')],
      ['text', content],
    ]),
  ])
}

function dict(entries: readonly (readonly [string, Value | undefined])[]): Dict {
  const given = entries.filter((entry): entry is [string, Value] => entry[1] !== undefined)
  return new Dict(given.map(([key, value]) => [Text.of(key, FROM_TEMPLATE), value] as const))
}
