import { following } from '../abortable.js'
import { ApiError, toApiError } from './api-error.js'
import { readJson } from './http/body.js'
import { DATA_EVENTS, type EventFormat, eventStream } from './http/event-stream.js'
import type { Limits, RequestRecord } from './options.js'
import { Fields } from './request/fields.js'
import type { ServedModel, ServedModels } from './service/models.js'
import type { Queue } from './service/queue.js'

/** What all requests share. */
export interface Service {
  readonly models: ServedModels
  readonly queue: Queue
  readonly limits: Limits
  readonly onRequest: (record: RequestRecord) => void
}

/** Numbers of tokens of a request. */
export interface TokenCounts {
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly completionTokens: number
}

/** How an API writes streams. */
export interface StreamOptions {
  /** Default: events without names. */
  readonly format?: EventFormat
  /** The last events of a stream that fails. Default: the error in the words of the API. */
  readonly failed?: (error: ApiError) => readonly object[]
}

/** A request while it is answered. */
export class Call {
  readonly id = `req_${crypto.randomUUID()}`
  readonly request: Request
  readonly service: Service
  /** The field with the prompt, for errors of prompts that are too long. */
  promptField: string | undefined
  /** An error in the words of the API that was asked. */
  errorBody: (error: ApiError) => object = (error) => error
  readonly #since = performance.now()
  readonly #controller: ReturnType<typeof following>
  readonly #onEnd: (call: Call) => void
  #leave: (() => void) | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #record: Partial<RequestRecord> = {}
  #isStream = false
  #hasEnded = false

  /** `onEnd`: called when the response has been sent. */
  constructor(request: Request, service: Service, onEnd: (call: Call) => void) {
    this.request = request
    this.service = service
    this.#controller = following(request.signal)
    this.#onEnd = onEnd
    const { timeout } = this.limits
    if (timeout !== undefined) this.#timer = setTimeout(() => this.abort(tookTooLong(timeout)), timeout)
  }

  /** Aborted when the client has left, or the server does not wait any longer. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get limits(): Limits {
    return this.service.limits
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  /** The fields of the body. Rejects with what `readJson` rejects with. */
  async fields(): Promise<Fields> {
    return new Fields(await readJson(this.request, this.limits, this.signal))
  }

  /** The model that the request names. Rejects as `ServedModels.get` does. */
  async model(name: string | undefined): Promise<ServedModel> {
    const served = await this.service.models.get(name, this.signal)
    this.note({ model: served.name })
    return served
  }

  /** Waits for a turn, which ends with the call. */
  async enter(): Promise<void> {
    this.#leave = await this.service.queue.enter(this.signal)
  }

  /** Adds to what is reported of the request. */
  note(record: Partial<RequestRecord>): void {
    this.#record = { ...this.#record, ...record }
  }

  /** A stream of events. The call ends with it. */
  stream(
    events: AsyncIterator<unknown>,
    { format = DATA_EVENTS, failed = (error) => [this.errorBody(error)] }: StreamOptions = {},
  ): Response {
    this.#isStream = true
    return eventStream(events, {
      format,
      stallTimeout: this.limits.stallTimeout,
      signal: this.signal,
      stop: () => this.abort(new DOMException('the client has left', 'AbortError')),
      failed: (error) => {
        if (this.signal.aborted && !(error instanceof ApiError)) return undefined
        const sent = toApiError(error, { prompt: this.promptField })
        this.note({ ended: sent.code ?? 'error', error: sent.cause })
        return failed(sent)
      },
      onEnd: (ended) => {
        if (ended !== 'done') this.note({ ended: this.#record.ended ?? ended })
        this.#end()
      },
    })
  }

  /** The endpoint has returned a response; one that is not a stream ends the call. */
  responded(response: Response, error?: unknown): void {
    this.note({ status: response.status, ...(error !== undefined && { error }) })
    if (!this.#isStream) this.#end()
  }

  #end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    clearTimeout(this.#timer)
    this.#leave?.()
    this.#controller.release()
    this.#onEnd(this)
    const { method, url } = this.request
    this.service.onRequest({
      id: this.id,
      method,
      path: new URL(url).pathname,
      status: 500,
      ms: performance.now() - this.#since,
      ...this.#record,
    })
  }
}

function tookTooLong(timeout: number): ApiError {
  return new ApiError(504, `the request has taken more than ${timeout} ms`, { code: 'timeout' })
}
