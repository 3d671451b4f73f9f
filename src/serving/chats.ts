import {
  type Chat,
  type ChatMessage,
  type ChatOptions,
  createChat,
  DasllamaError,
  type Model,
} from '../index.js'
import type { IdleList } from './idle-list.js'

/** The options of a chat that requests set. Chats with other options have other prompts from the beginning. */
export type ChatSettings = Pick<
  ChatOptions,
  'template' | 'templateVariables' | 'tools' | 'thinking' | 'replyFormat' | 'overflow'
>

/** The text of a prompt, and its ids. */
export type RenderedPrompt = ReturnType<Chat['renderPrompt']>
/** A conversation. A system message is the first one and the only one. */
export type Messages = readonly ChatMessage[]

/** A chat of a model, with the messages that its session has evaluated. */
export class ServedChat {
  readonly chat: Chat
  /** The tenant and the settings: only requests with the same continue it. */
  readonly key: string
  #messages: readonly string[] = []

  constructor(chat: Chat, key: string) {
    this.chat = chat
    this.key = key
  }

  /** How much of it a conversation begins with, 0 to 1. */
  shareOf(messages: readonly string[]): number {
    const different = this.#messages.findIndex((message, i) => message !== messages[i])
    return different < 0 ? 1 : different / this.#messages.length
  }

  /**
   * Continues with the messages of a request. The prompt depends on nothing but these: generated ids are not kept, because
   * then a reply would depend on what the server has in its cache.
   */
  begin(messages: Messages): void {
    this.#messages = messages.map((message) => JSON.stringify(message))
    this.chat.history = messages
  }

  /** The prompt of a conversation. It changes neither what the session has evaluated nor for which messages. */
  render(messages: Messages): RenderedPrompt {
    this.chat.history = messages
    return this.chat.renderPrompt()
  }

  dispose(): Promise<void> {
    return this.chat.dispose()
  }
}

/**
 * The chats of a model for one tenant. A chat whose request has ended is kept, with its evaluated tokens, for the tenant's next
 * request with the same beginning.
 */
export class ServedChats {
  readonly #model: Model
  readonly #kept: IdleList<ServedChat>
  readonly #tenant: string

  /** `kept`: what all tenants' requests have left. */
  constructor(model: Model, kept: IdleList<ServedChat>, tenant: string) {
    this.#model = model
    this.#kept = kept
    this.#tenant = tenant
  }

  /** A chat for a conversation. Throws what `createChat` and setting a history throw. */
  take(settings: ChatSettings, messages: Messages): ServedChat {
    const key = this.#keyOf(settings)
    const texts = messages.map((message) => JSON.stringify(message))
    const share = (chat: ServedChat) => (chat.key === key ? chat.shareOf(texts) : undefined)
    return this.#begin(this.#kept.takeBest(share) ?? this.#create(settings, key), messages)
  }

  /** The same, but never one that was kept. */
  takeNew(settings: ChatSettings, messages: Messages): ServedChat {
    return this.#begin(this.#create(settings, this.#keyOf(settings)), messages)
  }

  /** Keeps a chat for the tenant's next request. */
  give(served: ServedChat): void {
    this.#kept.give(served)
  }

  #keyOf(settings: ChatSettings): string {
    return JSON.stringify([this.#tenant, settings])
  }

  #begin(served: ServedChat, messages: Messages): ServedChat {
    try {
      served.begin(messages)
      return served
    } catch (error) {
      this.give(served)
      throw error
    }
  }

  /**
   * The prompt of a conversation whose reply is not wanted; what is kept for other conversations does not change. Throws
   * what `take` throws.
   */
  render(settings: ChatSettings, messages: Messages): RenderedPrompt {
    const key = this.#keyOf(settings)
    const kept = this.#kept.find((chat) => chat.key === key)
    if (kept) return kept.render(messages)
    const served = this.#create(settings, key)
    try {
      return served.render(messages)
    } finally {
      void served.dispose()
    }
  }

  #create(settings: ChatSettings, key: string): ServedChat {
    if (this.#model.kind === 'encoder') {
      throw new DasllamaError(
        'UNSUPPORTED',
        'the model is an encoder: it writes nothing, but embeds or ranks texts',
      )
    }
    const { overflow = 'error' } = settings
    const session = { prefixCache: { scope: this.#tenant } }
    return new ServedChat(createChat(this.#model, { ...settings, overflow, session }), key)
  }
}
