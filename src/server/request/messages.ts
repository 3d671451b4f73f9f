import { describeValue } from '../../describe.js'
import type { ChatMessage, ToolCall } from '../../index.js'
import { isArray } from '../../read-list.js'
import type { Messages } from '../../serving/chats.js'
import { invalidField } from '../api-error.js'
import { Fields } from './fields.js'

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool'] as const

/**
 * The messages of a request. Texts of the roles `system` and `developer` become one system message at the beginning,
 * wherever they stand, because templates accept no other. Throws `ApiError`.
 */
export function readMessages(fields: Fields): Messages {
  const given = fields.require('messages', fields.array('messages'))
  if (given.length === 0) throw fields.invalid('messages', 'must not be empty')
  return joinSystem(
    fields,
    given.map((message, i) => readMessage(new Fields(message, `messages[${i}]`))),
  )
}

/** Moves all texts of the role `system` to one message at the beginning. Throws if there is no other message. */
export function joinSystem(fields: Fields, read: readonly ChatMessage[]): Messages {
  const system = read.filter(({ role }) => role === 'system').map(({ content }) => content)
  const rest = read.filter(({ role }) => role !== 'system')
  if (rest.length === 0)
    throw fields.invalid('messages', 'must have a message that is not of the role system')
  return system.length === 0 ? rest : [{ role: 'system', content: system.join('\n\n') }, ...rest]
}

function readMessage(message: Fields): ChatMessage {
  const role = message.require('role', readRole(message))
  // Names of participants are not shown to the model.
  message.ignore(['name'])
  const content = readContent(message)
  switch (role) {
    case 'system':
    case 'developer':
      message.end()
      return { role: 'system', content: message.require('content', content) }
    case 'user': {
      message.end()
      const text = message.require('content', content)
      if (text.trim() === '') throw message.invalid('content', 'must not be empty')
      return { role, content: text }
    }
    case 'tool': {
      const toolCallId = message.require('tool_call_id', message.string('tool_call_id'))
      const name = message.string('name')
      message.end()
      return {
        role,
        content: message.require('content', content),
        toolCallId,
        ...(name !== undefined && { name }),
      }
    }
    case 'assistant':
      return readAssistant(message, content)
  }
}

function readRole(message: Fields): (typeof ROLES)[number] | undefined {
  if (message.any('role') === 'function') {
    throw message.invalid('role', 'function is deprecated: use tool, and tool_calls', 'unsupported_value')
  }
  return message.oneOf('role', ROLES)
}

function readAssistant(message: Fields, content: string | undefined): ChatMessage {
  // Fields of replies, which clients send back.
  message.ignore(['refusal', 'annotations', 'audio'])
  message.refuse({ function_call: 'use tool_calls' })
  const reasoning = message.string('reasoning_content') ?? message.string('reasoning')
  message.ignore(['reasoning'])
  const calls = message.array('tool_calls')
  message.end()
  const toolCalls = calls?.map((call, i) => readCall(new Fields(call, message.name(`tool_calls[${i}]`))))
  if (content === undefined && !toolCalls?.length) {
    throw message.invalid('content', 'is required, unless there are tool_calls', 'missing_required_parameter')
  }
  return {
    role: 'assistant',
    content: content ?? '',
    ...(reasoning && { reasoning }),
    ...(toolCalls?.length && { toolCalls }),
  }
}

function readCall(call: Fields): ToolCall {
  const id = call.require('id', call.string('id'))
  call.oneOf('type', ['function'])
  // Fields of a chunk, which some clients send back.
  call.ignore(['index'])
  const called = call.require('function', call.inner('function'))
  call.end()
  const name = called.require('name', called.string('name'))
  const given = parsedArguments(called)
  called.end()
  return { id, name, arguments: given }
}

/** The field `arguments`: the JSON text of an object. */
export function parsedArguments(called: Fields): Record<string, unknown> {
  const text = called.require('arguments', called.string('arguments'))
  try {
    const object: unknown = JSON.parse(text === '' ? '{}' : text)
    if (typeof object === 'object' && object !== null && !isArray(object)) {
      return object as Record<string, unknown>
    }
  } catch {
    // Reported below.
  }
  throw called.invalid('arguments', `must be the JSON text of an object, not ${describeValue(text)}`)
}

/** A content's text; parts are joined by line breaks. `undefined` if it is absent. */
function readContent(message: Fields): string | undefined {
  const content = message.any('content')
  if (content === undefined || typeof content === 'string') return content
  if (!isArray(content)) throw message.wrongType('content', 'a string or an array of parts')
  return content.map((part, i) => readPart(new Fields(part, message.name(`content[${i}]`)))).join('\n')
}

/** What parts of other types are, for the error. */
const MEDIA: Readonly<Record<string, string>> = {
  image_url: 'images',
  input_image: 'images',
  input_audio: 'audio',
  file: 'files',
  video_url: 'videos',
}

function readPart(part: Fields): string {
  const type = part.require('type', part.string('type'))
  if (type === 'refusal') return part.require('refusal', part.string('refusal'))
  if (type !== 'text') {
    const media = Object.hasOwn(MEDIA, type) ? MEDIA[type] : `parts of type ${describeValue(type)}`
    throw invalidField(
      part.name('type'),
      `${part.name('type')}: this model reads text only, not ${media}`,
      'unsupported_value',
    )
  }
  const text = part.require('text', part.string('text'))
  part.ignore(['cache_control', 'prompt_cache_breakpoint'])
  part.end()
  return text
}
