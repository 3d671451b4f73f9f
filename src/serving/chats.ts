import {
  type Chat,
  type ChatMessage,
  type ChatOptions,
  createChat,
  DasllamaError,
  type Model,
} from '../index.js'
import { IdleList } from './idle-list.js'

/** The options of a chat that requests set. Chats with other options have other prompts from the beginning. */
export type ChatSettings = Pick<
  ChatOptions,
  'template' | 'templateVariables' | 'tools' | 'thinking' | 'replyFormat'
>

/** A conversation. A system message is the first one and the only one. */
export type Messages = readonly ChatMessage[]

/** A chat of a model, with the messages that its session has evaluated. */
export class ServedChat {
  readonly chat: Chat
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

  dispose(): Promise<void> {
    return this.chat.dispose()
  }
}

/**
 * The chats of a model. A chat whose request has ended is kept, with its evaluated tokens, for the next request with the
 * same beginning.
 */
export class ServedChats extends IdleList<ServedChat> {
  readonly #model: Model

  constructor(model: Model, cached: number) {
    super(cached)
    this.#model = model
  }

  /** A chat for a conversation. Throws what `createChat` and setting a history throw. */
  take(settings: ChatSettings, messages: Messages): ServedChat {
    const key = JSON.stringify(settings)
    const texts = messages.map((message) => JSON.stringify(message))
    const share = (chat: ServedChat) => (chat.key === key ? chat.shareOf(texts) : undefined)
    const served = this.takeBest(share) ?? this.#create(settings, key)
    try {
      served.begin(messages)
      return served
    } catch (error) {
      this.give(served)
      throw error
    }
  }

  #create(settings: ChatSettings, key: string): ServedChat {
    if (this.#model.kind === 'encoder') {
      throw new DasllamaError(
        'UNSUPPORTED',
        'the model is an encoder: it writes nothing, but embeds or ranks texts',
      )
    }
    return new ServedChat(createChat(this.#model, { ...settings, overflow: 'error' }), key)
  }
}
