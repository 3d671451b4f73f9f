import { isRecord } from '../../checks.js'
import { describeValue } from '../../describe.js'
import { isArray } from '../../read-list.js'
import type { Messages } from '../../serving/chats.js'
import { Fields } from '../request/fields.js'
import { fromOpaque } from '../request/opaque.js'
import { Turns } from '../request/turns.js'

/** The first words of a text that Claude Code puts before its system prompt; it is different in every request. */
const BILLING = 'x-anthropic-billing-header:'

/** Reads `system` and `messages`. Throws `ApiError`. */
export function readMessages(fields: Fields): Messages {
  const turns = new Turns()
  const system = readText(fields, 'system', { without: BILLING })
  if (system) turns.system(system)
  const given = fields.require('messages', fields.array('messages'))
  if (given.length === 0) throw fields.invalid('messages', 'must not be empty')
  for (const [i, message] of given.entries()) readMessage(new Fields(message, `messages[${i}]`), turns)
  if (turns.lastRole === undefined) throw fields.invalid('messages', 'must have a message of the role user')
  if (turns.lastRole === 'assistant') {
    throw fields.invalid(
      'messages',
      'must end with a message of the role user: the beginning of a reply cannot be given',
      'unsupported_value',
    )
  }
  return turns.messages()
}

const ROLES = ['user', 'assistant', 'system'] as const

function readMessage(message: Fields, turns: Turns): void {
  const role = message.require('role', message.oneOf('role', ROLES))
  const content = message.require('content', message.any('content'))
  message.ignore(['id', 'cache_control'])
  if (role === 'system') {
    turns.system(readText(message, 'content') ?? '')
  } else if (typeof content === 'string') {
    if (role === 'assistant') turns.assistant({ content })
    else if (content.trim() !== '') turns.user(content)
    else throw message.invalid('content', 'must not be empty')
  } else if (isArray(content)) {
    const blocks = content.map((block, i) => new Fields(block, message.name(`content[${i}]`)))
    if (role === 'assistant') for (const block of blocks) readAssistantBlock(block, turns)
    else readUserBlocks(blocks, message, turns)
  } else {
    throw message.wrongType('content', 'a string or an array of blocks')
  }
  message.end()
}

/** Results of tools first, wherever they stand: they belong to the calls before this message. */
function readUserBlocks(blocks: readonly Fields[], message: Fields, turns: Turns): void {
  const texts: string[] = []
  for (const block of blocks) {
    if (typeOf(block) === 'tool_result') readResult(block, turns)
    else texts.push(readTextBlock(block))
  }
  const text = texts.join('\n')
  if (text.trim() !== '') turns.user(text)
  else if (texts.length === blocks.length) throw message.invalid('content', 'must not be empty')
}

function readResult(block: Fields, turns: Turns): void {
  const id = block.require('tool_use_id', block.string('tool_use_id'))
  if (!turns.hasCall(id)) {
    throw block.invalid('tool_use_id', `must be the id of a tool_use before it, not ${describeValue(id)}`)
  }
  const content = readText(block, 'content') ?? ''
  const isError = block.boolean('is_error') ?? false
  block.ignore(['cache_control', 'toolset_name'])
  block.end()
  // Templates have no other way to say so.
  turns.result(id, isError && !/^error/i.test(content) ? `Error: ${content}` : content)
}

function readAssistantBlock(block: Fields, turns: Turns): void {
  switch (typeOf(block)) {
    case 'text':
      turns.assistant({ content: readTextBlock(block) })
      break
    case 'thinking':
      turns.assistant({ reasoning: readThinking(block) })
      break
    case 'redacted_thinking':
      // Nobody here can read it.
      break
    case 'tool_use':
      turns.assistant({ call: readCall(block) })
      break
    default:
      throw unsupported(block, 'text, thinking or tool_use')
  }
}

/** A thought; one that was left out is in its signature. */
function readThinking(block: Fields): string {
  const thinking = block.require('thinking', block.string('thinking'))
  const signature = block.string('signature') ?? ''
  block.ignore(['cache_control'])
  block.end()
  return thinking || (fromOpaque(signature) ?? '')
}

function readCall(block: Fields) {
  const id = block.require('id', block.string('id'))
  const name = block.require('name', block.string('name'))
  const input = block.require('input', block.any('input'))
  if (!isRecord(input)) throw block.wrongType('input', 'an object')
  block.ignore(['cache_control', 'caller', 'toolset_name'])
  block.end()
  return { id, name, arguments: input }
}

/** A text, or blocks of text. `without`: the beginning of texts that are left out. */
function readText(
  fields: Fields,
  field: string,
  { without }: { readonly without?: string } = {},
): string | undefined {
  const content = fields.any(field)
  if (content === undefined || typeof content === 'string') return content
  if (!isArray(content)) throw fields.wrongType(field, 'a string or an array of blocks')
  const texts = content.map((block, i) => readTextBlock(new Fields(block, fields.name(`${field}[${i}]`))))
  return texts.filter((text) => without === undefined || !text.startsWith(without)).join('\n')
}

function readTextBlock(block: Fields): string {
  if (typeOf(block) !== 'text') throw unsupported(block, 'text')
  const text = block.require('text', block.string('text'))
  block.ignore(['cache_control', 'citations'])
  block.end()
  return text
}

function typeOf(block: Fields): string {
  return block.require('type', block.string('type'))
}

/** Names of other types of blocks in error messages. */
const MEDIA: Readonly<Record<string, string>> = { image: 'images', document: 'documents' }

function unsupported(block: Fields, known: string) {
  const type = typeOf(block)
  const media = Object.hasOwn(MEDIA, type) ? `: this model reads text only, not ${MEDIA[type]}` : ''
  return block.invalid(
    'type',
    `must be ${known} here, not ${describeValue(type)}${media}`,
    'unsupported_value',
  )
}
