import { readChunk } from './chunk.js'
import { button, element, labelled, section, setText } from './dom.js'
import { eventsOf } from './events.js'
import { ReplyView } from './reply-view.js'
import { KeyNeeded, messageOf, type Server } from './server.js'
import { SettingError, Settings } from './settings.js'
import type { ModelStatus } from './status.js'

interface Message {
  readonly role: 'user' | 'assistant'
  readonly content: string
}

/** A chat to try the models. */
export class ChatView {
  readonly element: HTMLElement
  readonly #server: Server
  readonly #onKeyNeeded: (error: KeyNeeded) => void
  readonly #settings = new Settings()
  readonly #log = element('div', { class: 'conversation', role: 'log', 'aria-label': 'Conversation' })
  readonly #input = element('textarea', {
    rows: 2,
    placeholder: 'Enter sends, Shift and Enter begins a line',
  })
  readonly #send = element('button', { type: 'submit', class: 'is-primary' }, 'Send')
  readonly #clear: HTMLButtonElement
  readonly #failure = element('p', { class: 'failure', role: 'alert', hidden: true })
  #messages: Message[] = []
  #running: AbortController | undefined

  constructor(server: Server, onKeyNeeded: (error: KeyNeeded) => void) {
    this.#server = server
    this.#onKeyNeeded = onKeyNeeded
    this.#clear = button('New conversation', () => this.#forget())
    const form = element(
      'form',
      { class: 'composer' },
      labelled('Message', this.#input),
      this.#failure,
      element('div', { class: 'row' }, this.#send, this.#clear),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      if (this.#running) this.#running.abort()
      else void this.#ask()
    })
    this.#input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      if (!this.#running) form.requestSubmit()
    })
    const talk = element('div', { class: 'talk' }, this.#log, form)
    this.element = section(
      'chat',
      'Chat',
      element('div', { class: 'with-aside' }, talk, this.#settings.element),
    )
  }

  showModels(models: readonly ModelStatus[]): void {
    this.#settings.showModels(models)
  }

  #forget(): void {
    this.#running?.abort()
    this.#messages = []
    this.#log.replaceChildren()
    this.#fail(undefined)
    this.#input.focus()
  }

  #fail(message: string | undefined): void {
    this.#failure.hidden = message === undefined
    this.#failure.textContent = message ?? ''
  }

  async #ask(): Promise<void> {
    const content = this.#input.value.trim()
    if (content === '') return
    this.#fail(undefined)
    const user: Message = { role: 'user', content }
    let body: object
    try {
      body = this.#body([...this.#messages, user])
    } catch (error) {
      if (!(error instanceof SettingError)) throw error
      this.#fail(error.message)
      return error.field.focus()
    }
    const reply = new ReplyView()
    const asked = element('div', { class: 'message is-user text' }, content)
    this.#log.append(asked, reply.element)
    this.#follow(true)
    this.#input.value = ''
    const messages = this.#messages
    const controller = new AbortController()
    this.#setRunning(controller)
    try {
      await this.#stream(body, reply, controller.signal)
      reply.end()
    } catch (error) {
      const isStopped = controller.signal.aborted
      if (error instanceof KeyNeeded) this.#onKeyNeeded(error)
      if (reply.isEmpty && !isStopped) {
        // Nothing was said: the message can be sent again.
        asked.remove()
        reply.element.remove()
        if (this.#input.value === '') this.#input.value = content
        if (this.#messages === messages) this.#fail(described(error))
        return
      }
      reply.end(isStopped ? { isStopped } : { failure: described(error) })
    } finally {
      if (this.#running === controller) this.#setRunning(undefined)
    }
    if (this.#messages === messages) {
      this.#messages = [...messages, user, { role: 'assistant', content: reply.content }]
    }
    this.#follow()
  }

  #body(messages: readonly Message[]): object {
    const { fields, systemMessage } = this.#settings
    const system = systemMessage === '' ? [] : [{ role: 'system', content: systemMessage }]
    return {
      ...fields,
      messages: [...system, ...messages],
      stream: true,
      stream_options: { include_usage: true },
    }
  }

  async #stream(body: object, reply: ReplyView, signal: AbortSignal): Promise<void> {
    const response = await this.#server.send('v1/chat/completions', { body, signal })
    for await (const event of eventsOf(response.body!)) {
      const failure = messageOf(event)
      if (failure !== undefined) throw new Error(failure)
      reply.take(readChunk(event))
      this.#follow()
    }
  }

  /** The same button sends and stops. */
  #setRunning(controller: AbortController | undefined): void {
    this.#running = controller
    setText(this.#send, controller ? 'Stop' : 'Send')
    this.#send.classList.toggle('is-primary', !controller)
    this.#log.setAttribute('aria-busy', String(controller !== undefined))
  }

  /** Keeps the end in sight, unless the user has scrolled back. */
  #follow(always = false): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#log
    if (always || scrollHeight - scrollTop - clientHeight < 80) this.#log.scrollTop = scrollHeight
  }
}

function described(error: unknown): string {
  if (error instanceof TypeError) return 'The connection to the server was lost.'
  const message = error instanceof Error ? error.message : String(error)
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}`
}
