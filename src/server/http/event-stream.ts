/** How many events a stream is ahead of its reader. */
const AHEAD = 16

/** Why a stream has ended: it is complete or has failed; the client has left; or the client has stopped reading. */
export type StreamEnd = 'done' | 'cancelled' | 'stalled'

/** How the events of a stream are written. */
export interface EventFormat {
  readonly contentType: string
  readonly write: (event: unknown) => string
  /** What follows the last event. */
  readonly end: string
}

/** Server-sent events without names, ended by `[DONE]`, as in OpenAI's chats. */
export const DATA_EVENTS: EventFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  write: (event) => `data: ${JSON.stringify(event)}\n\n`,
  end: 'data: [DONE]\n\n',
}

/** Server-sent events that are named by their type, as in OpenAI's responses and Anthropic's messages. */
export const NAMED_EVENTS: EventFormat = {
  contentType: DATA_EVENTS.contentType,
  write: (event) => `event: ${(event as { readonly type: string }).type}\n${DATA_EVENTS.write(event)}`,
  end: '',
}

/** JSON, one event per line, as in Ollama's API. */
export const LINES: EventFormat = {
  contentType: 'application/x-ndjson',
  write: (event) => `${JSON.stringify(event)}\n`,
  end: '',
}

/** How a stream is produced. */
export interface EventStreamOptions {
  readonly format: EventFormat
  /** Milliseconds without a read after which the stream is ended. */
  readonly stallTimeout: number
  /** Ends the stream. */
  readonly signal: AbortSignal
  /** The last events if the source throws, or the signal is aborted; `undefined` if nobody would read them. */
  readonly failed: (error: unknown) => readonly unknown[] | undefined
  /** Called first when the reader has gone, so that a pending event is not waited for. */
  readonly stop: () => void
  /** Called last, once. */
  readonly onEnd: (ended: StreamEnd) => void
}

/**
 * A response whose body is a stream of events with JSON. Each event is produced when the reader wants more, so a slow reader
 * slows the model down.
 */
export function eventStream(events: AsyncIterator<unknown>, options: EventStreamOptions): Response {
  return new Response(new ReadableStream(new EventSource(events, options), { highWaterMark: AHEAD }), {
    headers: {
      'content-type': options.format.contentType,
      'cache-control': 'no-cache',
      // nginx would collect the events otherwise.
      'x-accel-buffering': 'no',
    },
  })
}

class EventSource implements UnderlyingDefaultSource<Uint8Array> {
  readonly #events: AsyncIterator<unknown>
  readonly #options: EventStreamOptions
  readonly #encoder = new TextEncoder()
  readonly #abort = () => this.#break('cancelled', this.#options.failed(this.#options.signal.reason))
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  /** Runs while the reader wants nothing. */
  #timer: ReturnType<typeof setTimeout> | undefined
  #ended: Promise<void> | undefined

  constructor(events: AsyncIterator<unknown>, options: EventStreamOptions) {
    this.#events = events
    this.#options = options
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller
    const { signal } = this.#options
    signal.addEventListener('abort', this.#abort)
    if (signal.aborted) this.#abort()
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    clearTimeout(this.#timer)
    const { text, isLast } = await this.#next()
    if (this.#ended) return
    // A chunk may not be empty.
    if (text !== '') controller.enqueue(this.#encoder.encode(text))
    if (isLast) {
      await this.#end('done')
      controller.close()
    } else if ((controller.desiredSize ?? 0) <= 0) {
      this.#timer = setTimeout(() => this.#break('stalled'), this.#options.stallTimeout)
    }
  }

  async cancel(): Promise<void> {
    await this.#end('cancelled')
  }

  async #next(): Promise<{ readonly text: string; readonly isLast: boolean }> {
    const { format, failed } = this.#options
    try {
      const { done = false, value } = await this.#events.next()
      return { text: done ? format.end : format.write(value), isLast: done }
    } catch (error) {
      return { text: this.#ended ? '' : this.#written(failed(error)), isLast: true }
    }
  }

  #written(events: readonly unknown[] = []): string {
    return events.map(this.#options.format.write).join('')
  }

  /** Ends the stream while the reader may still be there. */
  #break(ended: StreamEnd, last?: readonly unknown[]): void {
    if (this.#ended) return
    void this.#end(ended)
    if (last === undefined) {
      // Clients that call the handler directly get the reason that `fetch` gives.
      const left = this.#options.signal.reason
      this.#controller?.error(ended === 'stalled' ? new Error('nobody has read the stream') : left)
    } else {
      this.#controller?.enqueue(this.#encoder.encode(this.#written(last)))
      this.#controller?.close()
    }
  }

  #end(ended: StreamEnd): Promise<void> {
    this.#ended ??= this.#finish(ended)
    return this.#ended
  }

  async #finish(ended: StreamEnd): Promise<void> {
    clearTimeout(this.#timer)
    this.#options.signal.removeEventListener('abort', this.#abort)
    if (ended !== 'done') this.#options.stop()
    // A source that has failed was reported already.
    await this.#events.return?.().catch(() => {})
    this.#options.onEnd(ended)
  }
}
