import { toValue } from './jinja/convert.js'
import { FROM_TEMPLATE, type Source, Text } from './jinja/text.js'
import { Dict, List, type Value } from './jinja/values.js'
import type { ChatMessage, Role } from './message.js'

/** A message on its way into a template, each text with its source. */
export interface Draft {
  readonly role: Role
  readonly content: Text
  readonly reasoning?: Text
  readonly calls?: readonly CallDraft[]
  readonly callId?: Text
  readonly name?: Text
  readonly source: Source
}

interface CallDraft {
  readonly id: Text | undefined
  readonly name: Text
  /** An object. */
  readonly args: Value
  /** The same as JSON text. */
  readonly argsText: Text
}

/** How templates differ in what they expect of a message. */
export interface MessageShape {
  /** A message that only calls tools has `none` for content rather than an empty text. */
  readonly noneForEmpty: boolean
  /** A call's arguments come as JSON text rather than as an object. */
  readonly textArguments: boolean
  /** Content comes as a list of parts, `[{ type: 'text', text }]`. */
  readonly parts: boolean
}

/** `source` stands for everything that the message says. */
export function draftOf(message: ChatMessage, source: Source): Draft {
  const own = (text: string | undefined) => (text === undefined ? undefined : Text.of(text, source))
  return {
    role: message.role,
    content: Text.of(message.content, source),
    reasoning: message.reasoning ? own(message.reasoning) : undefined,
    calls:
      message.toolCalls && message.toolCalls.length > 0
        ? message.toolCalls.map(({ id, name, arguments: args }) => {
            const text = typeof args === 'string' ? args : JSON.stringify(args)
            return {
              id: own(id),
              name: Text.of(name, source),
              args: toValue(typeof args === 'string' ? JSON.parse(args) : args, source, 'a tool call'),
              argsText: Text.of(text, source),
            }
          })
        : undefined,
    callId: own(message.toolCallId),
    name: own(message.name),
    source,
  }
}

/** The message as templates know it, which is as OpenAI's API has it. */
export function messageValue(draft: Draft, shape: MessageShape): Value {
  const word = (text: string) => Text.of(text, FROM_TEMPLATE)
  const entries: [string, Value | undefined][] = [
    ['role', word(draft.role)],
    ['content', contentValue(draft, shape)],
    // Qwen's and llama.cpp's name, and that of gpt-oss.
    ['reasoning_content', draft.reasoning],
    ['thinking', draft.reasoning],
    ['name', draft.name],
    ['tool_call_id', draft.callId],
    ['tool_calls', draft.calls && new List(draft.calls.map((call) => callValue(call, shape)))],
  ]
  return dict(entries)

  function callValue({ id, name, args, argsText }: CallDraft, { textArguments }: MessageShape): Value {
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

function contentValue({ content, calls }: Draft, { noneForEmpty, parts }: MessageShape): Value {
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
