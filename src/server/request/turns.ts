import type { ChatMessage, ToolCall } from '../../index.js'
import type { Messages } from '../../serving/chats.js'

/** A piece of what the assistant has written. */
export interface AssistantPiece {
  readonly reasoning?: string
  readonly content?: string
  readonly call?: ToolCall
}

/** A message of the assistant while its pieces arrive. */
interface OpenTurn {
  readonly role: 'assistant'
  reasoning: string
  content: string
  readonly toolCalls: ToolCall[]
}

/**
 * Puts the messages of a conversation together from the pieces that some APIs send it in. Pieces of the same author are one
 * message, because many templates accept no other, and system texts are one message at the beginning.
 */
export class Turns {
  readonly #system: string[] = []
  readonly #turns: (ChatMessage | OpenTurn)[] = []
  /** The names of the tools that were called, by the id of the call. */
  readonly #calls = new Map<string, string>()

  system(text: string): void {
    this.#system.push(text)
  }

  user(text: string): void {
    const last = this.#turns.at(-1)
    if (last?.role !== 'user') this.#turns.push({ role: 'user', content: text })
    else this.#turns[this.#turns.length - 1] = { role: 'user', content: joined(last.content, text, '\n\n') }
  }

  assistant({ reasoning = '', content = '', call }: AssistantPiece): void {
    const last = this.#turns.at(-1)
    const turn: OpenTurn =
      last?.role === 'assistant'
        ? (last as OpenTurn)
        : { role: 'assistant', reasoning: '', content: '', toolCalls: [] }
    if (turn !== last) this.#turns.push(turn)
    turn.reasoning = joined(turn.reasoning, reasoning, '\n')
    turn.content = joined(turn.content, content, '\n')
    if (!call) return
    turn.toolCalls.push(call)
    if (call.id !== undefined) this.#calls.set(call.id, call.name)
  }

  /** Whether there is a call with this id. */
  hasCall(id: string): boolean {
    return this.#calls.has(id)
  }

  /** The result of a call. */
  result(toolCallId: string, content: string): void {
    this.#turns.push({ role: 'tool', content, toolCallId, name: this.#calls.get(toolCallId) })
  }

  /** The role of the last message; `undefined` if there is none but of the system. */
  get lastRole(): ChatMessage['role'] | undefined {
    return this.#turns.at(-1)?.role
  }

  /** The messages. Turns of the assistant with nothing but reasoning are left out. */
  messages(): Messages {
    const turns = this.#turns.flatMap((turn): ChatMessage[] => {
      if (turn.role !== 'assistant') return [turn]
      const { content, reasoning, toolCalls = [] } = turn
      if (content === '' && toolCalls.length === 0) return []
      return [
        {
          role: 'assistant',
          content,
          ...(reasoning && { reasoning }),
          ...(toolCalls.length > 0 && { toolCalls }),
        },
      ]
    })
    if (this.#system.length === 0) return turns
    return [{ role: 'system', content: this.#system.join('\n\n') }, ...turns]
  }
}

function joined(before: string, text: string, separator: string): string {
  return before === '' || text === '' ? before + text : before + separator + text
}
