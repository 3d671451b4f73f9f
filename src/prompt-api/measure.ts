import { type Chat, type ChatMessage, type ChatOptions, createChat, type Model } from '../index.js'

/** Longer than any prompt: nothing is evaluated here. */
const UNLIMITED = 2 ** 24
const ANY_MESSAGE: ChatMessage = { role: 'user', content: '.' }

/** Counts the tokens of conversations. */
export class Measure {
  readonly #chat: Chat

  constructor(model: Model, options: ChatOptions) {
    this.#chat = createChat(model, { ...options, overflow: 'error', session: { contextLength: UNLIMITED } })
  }

  /** The tokens of a prompt with these messages. */
  tokens(messages: readonly ChatMessage[]): number {
    if (messages.length === 0) return 0
    if (messages.some(({ role }) => role !== 'system')) return this.#rendered(messages)
    // Templates need something to answer.
    return Math.max(0, this.#rendered([...messages, ANY_MESSAGE]) - this.#rendered([ANY_MESSAGE]))
  }

  dispose(): Promise<void> {
    return this.#chat.dispose()
  }

  #rendered(messages: readonly ChatMessage[]): number {
    this.#chat.history = messages
    return this.#chat.renderPrompt().ids.length
  }
}
