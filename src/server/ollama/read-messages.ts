import { describeValue } from '../../describe.js'
import type { ChatMessage, FunctionTool, ToolCall } from '../../index.js'
import type { Messages } from '../../serving/chats.js'
import { Fields } from '../request/fields.js'
import { joinSystem } from '../request/messages.js'
import { refuseImages } from './endpoint.js'

const ROLES: readonly string[] = ['system', 'user', 'assistant', 'tool']

/** The messages of a request; none if there are none. Throws `ApiError`. */
export function readMessages(fields: Fields): Messages {
  const given = fields.array('messages') ?? []
  const reader = new MessageReader()
  const read = given.map((message, i) => reader.read(new Fields(message, `messages[${i}]`)))
  return read.length === 0 ? [] : joinSystem(fields, read)
}

/** Reads messages one after the other. Results of tools name the tool alone; they get the id of the call that they answer. */
class MessageReader {
  /** Calls that have no result yet. */
  #open: ToolCall[] = []
  #calls = 0

  read(message: Fields): ChatMessage {
    const role = message.require('role', message.string('role')).toLowerCase()
    const content = message.string('content') ?? ''
    refuseImages(message)
    switch (role) {
      case 'system':
        return { role, content }
      case 'user':
        if (content.trim() === '') throw message.invalid('content', 'must not be empty')
        return { role, content }
      case 'assistant':
        return this.#assistant(message, content)
      case 'tool':
        return this.#tool(message, content)
      default:
        throw message.invalid('role', `must be one of ${ROLES.join(', ')}, not ${describeValue(role)}`)
    }
  }

  #assistant(message: Fields, content: string): ChatMessage {
    const reasoning = message.string('thinking')
    const calls = message.array('tool_calls') ?? []
    const toolCalls = calls.map((call, i) => this.#call(new Fields(call, message.name(`tool_calls[${i}]`))))
    this.#open = [...toolCalls]
    return {
      role: 'assistant',
      content,
      ...(reasoning && { reasoning }),
      ...(toolCalls.length > 0 && { toolCalls }),
    }
  }

  #call(call: Fields): ToolCall {
    const called = call.require('function', call.inner('function'))
    // Nine letters and digits, as some templates require; the same in every request, so that prompts are.
    const id = call.string('id') || `call${String(this.#calls).padStart(5, '0')}`
    this.#calls++
    return {
      id,
      name: called.require('name', called.string('name')),
      arguments: called.object('arguments') ?? {},
    }
  }

  #tool(message: Fields, content: string): ChatMessage {
    const name = message.string('tool_name') || message.string('name')
    const id = message.string('tool_call_id')
    const answered = this.#open.find((call) => {
      return id ? call.id === id : name === undefined || name === '' || call.name === name
    })
    this.#open = this.#open.filter((call) => call !== answered)
    const toolCallId = id || answered?.id
    const toolName = name || answered?.name
    return {
      role: 'tool',
      content,
      ...(toolCallId !== undefined && { toolCallId }),
      ...(toolName !== undefined && { name: toolName }),
    }
  }
}

/** The tools that the model may call. Their names and schemas are checked by the chat. Throws `ApiError`. */
export function readTools(fields: Fields): readonly FunctionTool[] {
  return (fields.array('tools') ?? []).map((given, i) => {
    const tool = new Fields(given, `tools[${i}]`)
    const described = tool.require('function', tool.inner('function'))
    const description = described.string('description')
    const parameters = described.object('parameters')
    return {
      type: 'function',
      function: {
        name: described.require('name', described.string('name')),
        ...(description !== undefined && { description }),
        ...(parameters !== undefined && { parameters }),
      },
    }
  })
}
