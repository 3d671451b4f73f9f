import { type Chat, createChat, type Model, type ParsedToolCall, toolResult } from 'dasllama'
import { element } from '../app/dom.js'
import { failure } from '../app/failure.js'
import type { Playground, Run } from '../app/tab.js'
import { ReplyView } from './reply-view.js'
import type { ChatSettings } from './settings.js'
import { runTool } from './tools.js'

/** Replies to one message of the user: a model may call tools again and again. */
const MAX_ROUNDS = 8

/** A chat with the model, and its log on the page. */
export class Conversation {
  /** Not live: screen readers are told of a finished reply only. */
  readonly log = element('div', {
    class: 'conversation',
    role: 'log',
    'aria-live': 'off',
    'aria-label': 'Conversation',
  })
  readonly #app: Playground
  readonly #settings: ChatSettings
  readonly #onGrow: () => void
  #model: Model | undefined
  #chat: Chat | undefined
  /** Settings have changed that a chat is created with. */
  #isStale = false
  readonly #turns: HTMLElement[] = []

  constructor(app: Playground, settings: ChatSettings, onGrow: () => void) {
    this.#app = app
    this.#settings = settings
    this.#onGrow = onGrow
  }

  get isEmpty(): boolean {
    return this.#turns.length === 0
  }

  /** Begins with another model, or with none. Shows why, if the model has no chat. */
  useModel(model: Model | undefined): void {
    this.#chat = undefined
    this.#model = model
    this.clear()
    if (!model) return
    this.#settings.showModel(model)
    try {
      this.#createChat(model)
    } catch (error) {
      this.log.replaceChildren(failure(error))
    }
  }

  /** The next message gets a chat with the settings as they are then. */
  settingsChanged(): void {
    this.#isStale = true
  }

  clear(): void {
    this.#chat?.reset()
    this.#turns.length = 0
    this.log.replaceChildren()
  }

  /** Removes the last message of the user and what follows, and returns its text. */
  undo(): string {
    const [message] = this.#chat?.undo() ?? []
    this.#turns.pop()?.remove()
    return message?.content ?? ''
  }

  /** Adds a message of the user and lets the model answer. Resolves with whether the message is in the conversation. */
  async send(text: string): Promise<boolean> {
    const turn = element('div', { class: 'turn' })
    if (this.isEmpty) this.log.replaceChildren()
    this.log.append(turn)
    let chat: Chat | undefined
    try {
      chat = this.#currentChat()
      chat.addUser(text)
      turn.append(element('article', { class: 'message is-user', 'aria-label': 'You' }, text))
      this.#turns.push(turn)
      this.#onGrow()
      const current = chat
      await this.#app.run((run) => this.#answer(current, turn, run))
      return true
    } catch (error) {
      return this.#showFailure(error, turn, chat)
    }
  }

  #currentChat(): Chat {
    const model = this.#model
    if (!model) throw new Error('No model is loaded yet.')
    if (this.#chat && !this.#isStale) return this.#chat
    return this.#createChat(model)
  }

  /** With the history of the former one. */
  #createChat(model: Model): Chat {
    const former = this.#chat
    const history = former?.history.filter(({ role }) => role !== 'system') ?? []
    const chat = createChat(model, { ...this.#settings.setup(), history })
    void former?.dispose()
    this.#chat = chat
    this.#isStale = false
    this.#settings.showChat(chat)
    return chat
  }

  async #answer(chat: Chat, turn: HTMLElement, run: Run): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const view = new ReplyView(this.#onGrow)
      turn.append(view.element)
      const reply = chat.respond({ ...this.#settings.reply(), signal: run.signal })
      const calls = new Map<number, ParsedToolCall>()
      let counted = 0
      try {
        for await (const event of reply.events()) {
          run.count(reply.ids.length - counted)
          counted = reply.ids.length
          view.take(event)
          if (event.type === 'tool-call') calls.set(event.index, event.call)
        }
      } finally {
        view.finish(chat.stats(), reply.stopReason)
      }
      const said = reply.content.trim()
      if (said !== '') this.#app.announce(`Reply: ${said}`)
      if (calls.size === 0) return
      for (const [index, call] of calls) {
        const result = runTool(call.name, call.arguments) ?? (await view.call(index).askForResult(run.signal))
        view.call(index).showResult(result)
        chat.add(toolResult(call, result, chat.replyFormat))
      }
      if (run.signal.aborted) return
    }
  }

  /** Takes the message back if the model has not begun to answer it. */
  #showFailure(error: unknown, turn: HTMLElement, chat: Chat | undefined): boolean {
    const isAnswered = chat?.history.at(-1)?.role !== 'user'
    const isAdded = this.#turns.at(-1) === turn
    if (isAdded && isAnswered) {
      turn.append(failure(error))
      return true
    }
    if (isAdded) {
      this.#turns.pop()
      chat?.undo()
    }
    turn.replaceChildren(failure(error))
    return false
  }
}
