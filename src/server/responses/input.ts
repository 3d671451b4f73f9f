import { describeValue } from '../../describe.js'
import { isArray } from '../../read-list.js'
import type { Messages } from '../../serving/chats.js'
import type { ApiError } from '../api-error.js'
import { Fields } from '../request/fields.js'
import { parsedArguments } from '../request/messages.js'
import { fromOpaque } from '../request/opaque.js'
import { Turns } from '../request/turns.js'
import { type Functions, modelName } from './tools.js'

/** Reads `instructions` and `input`: a text, or a list of items. `functions` gets those in the input. Throws `ApiError`. */
export function readInput(fields: Fields, functions: Functions): Messages {
  const turns = new Turns()
  const instructions = fields.string('instructions')
  if (instructions) turns.system(instructions)
  const input = fields.require('input', fields.any('input'))
  if (typeof input === 'string') {
    if (input.trim() !== '') turns.user(input)
    return turns.messages()
  }
  if (!isArray(input)) throw fields.wrongType('input', 'a string or an array of items')
  for (const [i, item] of input.entries()) readItem(new Fields(item, `input[${i}]`), turns, functions)
  return turns.messages()
}

/** Fields of items that clients send back, which say nothing to the model. */
const IGNORED = ['id', 'status', 'phase', 'created_by', 'internal_chat_message_metadata_passthrough']

function readItem(item: Fields, turns: Turns, functions: Functions): void {
  item.ignore(IGNORED)
  const type = item.string('type') ?? (item.any('role') === undefined ? undefined : 'message')
  switch (item.require('type', type)) {
    case 'message':
      readMessage(item, turns)
      break
    case 'reasoning':
      turns.assistant({ reasoning: readReasoning(item) })
      break
    case 'function_call':
      turns.assistant({ call: readCall(item) })
      break
    case 'function_call_output':
      readOutput(item, turns)
      break
    case 'additional_tools':
      item.ignore(['role'])
      functions.read(item, 'tools')
      break
    default:
      throw unsupportedItem(item, type)
  }
  item.end()
}

function unsupportedItem(item: Fields, type: unknown): ApiError {
  const known = 'message, reasoning, function_call or function_call_output'
  const reason = type === 'item_reference' ? '; nothing is stored here, so send the item itself' : ''
  return item.invalid('type', `must be ${known}, not ${describeValue(type)}${reason}`, 'unsupported_value')
}

const ROLES = ['system', 'developer', 'user', 'assistant'] as const

function readMessage(item: Fields, turns: Turns): void {
  const role = item.require('role', item.oneOf('role', ROLES))
  const text = item.require('content', readContent(item, 'content'))
  if (role === 'assistant') turns.assistant({ content: text })
  else if (role !== 'user') turns.system(text)
  else if (text.trim() !== '') turns.user(text)
  else throw item.invalid('content', 'must not be empty')
}

function readCall(item: Fields) {
  item.ignore(['caller', 'async', 'parsed_arguments'])
  const name = item.require('name', item.string('name'))
  return {
    id: item.require('call_id', item.string('call_id')),
    name: modelName({ name, namespace: item.string('namespace') }),
    arguments: parsedArguments(item),
  }
}

function readOutput(item: Fields, turns: Turns): void {
  item.ignore(['caller', 'name', 'namespace'])
  const id = item.require('call_id', item.string('call_id'))
  if (!turns.hasCall(id)) {
    throw item.invalid('call_id', `must be that of a function_call before it, not ${describeValue(id)}`)
  }
  turns.result(id, item.require('output', readContent(item, 'output')))
}

/** The text of a reasoning item: its content, otherwise what the server has packed, otherwise its summary. */
function readReasoning(item: Fields): string {
  const content = readTexts(item, 'content', 'reasoning_text')
  const packed = item.string('encrypted_content')
  const summary = readTexts(item, 'summary', 'summary_text')
  return content || (packed !== undefined && fromOpaque(packed)) || summary
}

function readTexts(item: Fields, field: string, type: string): string {
  const parts = item.array(field) ?? []
  const texts = parts.map((each, i) => {
    const part = new Fields(each, item.name(`${field}[${i}]`))
    part.require('type', part.oneOf('type', [type, 'text']))
    const text = part.require('text', part.string('text'))
    part.end()
    return text
  })
  return texts.join('\n')
}

/** What parts of other types are, for the error. */
const MEDIA: Readonly<Record<string, string>> = {
  input_image: 'images',
  input_file: 'files',
  input_audio: 'audio',
}

/** A text, or parts of one. */
function readContent(item: Fields, field: string): string | undefined {
  const content = item.any(field)
  if (content === undefined || typeof content === 'string') return content
  if (!isArray(content)) throw item.wrongType(field, 'a string or an array of parts')
  return content.map((part, i) => readPart(new Fields(part, item.name(`${field}[${i}]`)))).join('\n')
}

function readPart(part: Fields): string {
  const type = part.require('type', part.string('type'))
  if (type === 'refusal') return part.require('refusal', part.string('refusal'))
  if (type !== 'input_text' && type !== 'output_text' && type !== 'text') {
    const media = Object.hasOwn(MEDIA, type) ? MEDIA[type] : `parts of type ${describeValue(type)}`
    throw part.invalid(
      'type',
      `is not supported: this model reads text only, not ${media}`,
      'unsupported_value',
    )
  }
  const text = part.require('text', part.string('text'))
  part.ignore(['annotations', 'logprobs', 'prompt_cache_breakpoint', 'parsed'])
  part.end()
  return text
}
