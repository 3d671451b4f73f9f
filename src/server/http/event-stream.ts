/** How many events a stream is ahead of its reader. */
const AHEAD = 16

/** Why a stream has ended: it is complete or has failed; the client has left; or the client has stopped reading. */
export type StreamEnd = 'done' | 'cancelled' | 'stalled'

/** How the events of a stream are written. */
export interface StreamFormat {
  readonly contentType: string
  /** The text of an event. */
  event(value: unknown): string
  /** What follows the last event of a stream that is complete. */
  readonly end: string
}

/** Server-sent events with JSON, ended by `[DONE]` as in OpenAI's API. */
export const SERVER_SENT: StreamFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  event: (value) => `data: ${JSON.stringify(value)}\n\n`,
  end: 'data: [DONE]\n\n',
}

/** JSON, one value per line. */
export const JSON_LINES: StreamFormat = {
  contentType: 'application/x-ndjson',
  event: (value) => `${JSON.stringify(value)}\n`,
  end: '',
}

/** How a stream is produced. */
export interface EventStreamOptions {
  readonly format: StreamFormat
  /** Milliseconds without a read after which the stream is ended. */
  readonly stallTimeout: number
  /** Ends the stream. */
  readonly signal: AbortSignal
  /** The data of the last event if the source throws, or the signal is aborted; `undefined` if there is nobody to tell. */
  readonly failed: (error: unknown) => unknown
  /** Called first when the reader has gone, so that a pending event is not waited for. */
  readonly stop: () => void
  /** Called last, once. */
  readonly onEnd: (ended: StreamEnd) => void
}

/** A response of events. Each is produced when the reader wants more, so a slow reader slows the model down. */
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
      return { text: done ? format.end : format.event(value), isLast: done }
    } catch (error) {
      return { text: this.#ended ? '' : format.event(failed(error)), isLast: true }
    }
  }

  /** Ends the stream while the reader may still be there. */
  #break(ended: StreamEnd, last?: unknown): void {
    if (this.#ended) return
    void this.#end(ended)
    if (last === undefined) {
      this.#controller?.error(
        new Error(ended === 'stalled' ? 'nobody has read the stream' : 'the client has left'),
      )
    } else {
      this.#controller?.enqueue(this.#encoder.encode(this.#options.format.event(last)))
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
