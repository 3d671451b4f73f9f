import type { Port } from './port.js'
import { type WireError, WireErrors } from './wire-error.js'

/** Messages between the two sides of a channel. Each side numbers its own requests. */
type Message =
  | { readonly kind: 'request'; readonly id: number; readonly name: string; readonly body: unknown }
  | { readonly kind: 'abort'; readonly id: number }
  /** Sent before the reply. */
  | { readonly kind: 'event'; readonly id: number; readonly body: unknown }
  | { readonly kind: 'reply'; readonly id: number; readonly body: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: WireError }
  /** A request without a reply. */
  | { readonly kind: 'notice'; readonly name: string; readonly body: unknown }

/** A message's body, and its parts that are transferred instead of copied. */
export class Transfer<T> {
  constructor(
    readonly body: T,
    readonly transfer: readonly Transferable[],
  ) {}
}

export interface RequestOptions {
  readonly transfer?: readonly Transferable[]
  /** Forwarded: the other side's handler has a signal that is aborted with this one. */
  readonly signal?: AbortSignal | undefined
  /** Called with the handler's events, in order, before the reply. */
  readonly onEvent?: (body: never) => void
}

/** Passed to a handler with the request's body. */
export interface RequestContext {
  /** Aborted when the requesting side's signal is, or when the channel is closed. */
  readonly signal: AbortSignal
  /** Sends an event to the request's `onEvent`. */
  emit(body: unknown, transfer?: readonly Transferable[]): void
}

/** Handles requests of one name. The reply is what it returns or resolves with, possibly as a `Transfer`. */
export type RequestHandler = (body: never, context: RequestContext) => unknown

interface Pending {
  readonly resolve: (body: unknown) => void
  readonly reject: (error: unknown) => void
  readonly onEvent: ((body: never) => void) | undefined
  readonly signal: AbortSignal | undefined
}

/** What is used of a channel, or of a part of one (`named`). */
export type Messages = Pick<
  Channel,
  'handle' | 'listen' | 'request' | 'notify' | 'named' | 'assertOpen' | 'close' | 'isClosed'
>

/**
 * Requests, replies and notices over a port, in both directions. Messages arrive in order and are not lost; when the channel
 * is closed, all pending requests reject.
 */
export class Channel {
  readonly #port: Port
  readonly #requestHandlers = new Map<string, RequestHandler>()
  readonly #noticeHandlers = new Map<string, (body: never) => void>()
  readonly #pending = new Map<number, Pending>()
  /** Requests of the other side that are being handled. */
  readonly #handling = new Map<number, AbortController>()
  readonly #errors = new WireErrors()
  #nextId = 1
  #closed: { readonly error: unknown } | undefined

  constructor(port: Port) {
    this.#port = port
    port.listen((message) => this.#receive(message as Message))
  }

  /** Whether `close` has been called. */
  isClosed(): boolean {
    return this.#closed !== undefined
  }

  /** Throws the error of `close`, if it has been called. */
  assertOpen(): void {
    if (this.#closed) throw this.#closed.error
  }

  /** Registers the handler of requests called `name`, before the first one arrives. */
  handle(name: string, handler: RequestHandler): void {
    this.#requestHandlers.set(name, handler)
  }

  /** Registers the handler of notices called `name`. */
  listen(name: string, handler: (body: never) => void): void {
    this.#noticeHandlers.set(name, handler)
  }

  /**
   * Sends a request and resolves with the reply. Rejects with the other side's error (see `WireErrors`), with the signal's
   * reason if the request fails after an abort, or with the error of `close`. An abort does not reject at once: the other
   * side decides whether the request had already succeeded.
   */
  request<T>(name: string, body: unknown, { transfer, signal, onEvent }: RequestOptions = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      this.assertOpen()
      signal?.throwIfAborted()
      const id = this.#nextId++
      // Throws here if the body cannot be cloned, before anything is pending.
      this.#post({ kind: 'request', id, name, body }, transfer)
      const abort = () => this.#post({ kind: 'abort', id })
      signal?.addEventListener('abort', abort, { once: true })
      const release = () => {
        this.#pending.delete(id)
        if (this.#pending.size === 0) this.#port.setBusy?.(false)
        signal?.removeEventListener('abort', abort)
      }
      if (this.#pending.size === 0) this.#port.setBusy?.(true)
      this.#pending.set(id, {
        signal,
        onEvent,
        resolve: (value) => {
          release()
          resolve(value as T)
        },
        reject: (error) => {
          release()
          reject(error)
        },
      })
    })
  }

  /** Sends a message without a reply. Does nothing once the channel is closed. */
  notify(name: string, body: unknown, transfer?: readonly Transferable[]): void {
    if (!this.#closed) this.#post({ kind: 'notice', name, body }, transfer)
  }

  /** The same channel for messages whose names begin with `prefix`, which is left out. */
  named(prefix: string): Messages {
    return {
      handle: (name, handler) => this.handle(prefix + name, handler),
      listen: (name, handler) => this.listen(prefix + name, handler),
      request: (name, body, options) => this.request(prefix + name, body, options),
      notify: (name, body, transfer) => this.notify(prefix + name, body, transfer),
      named: (inner) => this.named(prefix + inner),
      assertOpen: () => this.assertOpen(),
      close: (error) => this.close(error),
      isClosed: () => this.isClosed(),
    }
  }

  /** Rejects pending requests with `error`, aborts handlers, and ignores all further messages. Idempotent. */
  close(error: unknown): void {
    if (this.#closed) return
    this.#closed = { error }
    for (const { reject } of [...this.#pending.values()]) reject(error)
    for (const controller of this.#handling.values()) controller.abort(error)
  }

  #post(message: Message, transfer?: readonly Transferable[]): void {
    if (!this.#closed) this.#port.post(message, transfer)
  }

  #receive(message: Message): void {
    if (this.#closed) return
    switch (message.kind) {
      case 'request':
        void this.#answer(message.id, message.name, message.body)
        return
      case 'abort':
        this.#handling.get(message.id)?.abort()
        return
      case 'event':
        this.#pending.get(message.id)?.onEvent?.(message.body as never)
        return
      case 'reply':
        this.#pending.get(message.id)?.resolve(message.body)
        return
      case 'error': {
        const pending = this.#pending.get(message.id)
        pending?.reject(
          pending.signal?.aborted ? pending.signal.reason : this.#errors.fromWire(message.error),
        )
        return
      }
      case 'notice':
        this.#noticeHandlers.get(message.name)?.(message.body as never)
    }
  }

  async #answer(id: number, name: string, body: unknown): Promise<void> {
    const controller = new AbortController()
    this.#handling.set(id, controller)
    try {
      const handler = this.#requestHandlers.get(name)
      if (!handler) throw new Error(`no handler for requests called ${name}`)
      const result = await handler(body as never, {
        signal: controller.signal,
        emit: (body, transfer) => this.#post({ kind: 'event', id, body }, transfer),
      })
      if (result instanceof Transfer) this.#post({ kind: 'reply', id, body: result.body }, result.transfer)
      else this.#post({ kind: 'reply', id, body: result })
    } catch (error) {
      this.#post({ kind: 'error', id, error: this.#errors.toWire(error) })
    } finally {
      this.#handling.delete(id)
    }
  }
}
