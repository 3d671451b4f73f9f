import { following } from '../abortable.js'
import { DasllamaError, type ErrorCode } from '../index.js'
import { ApiError, toApiError } from './api-error.js'
import { readJson } from './http/body.js'
import { DATA_EVENTS, type EventFormat, eventStream } from './http/event-stream.js'
import { ANYONE } from './http/keys.js'
import type { Limits, RequestRecord } from './options.js'
import { Fields } from './request/fields.js'
import type { LoadedModel } from './service/loaded-model.js'
import type { ServerMetrics } from './service/metrics.js'
import type { ServedModel, ServedModels } from './service/models.js'
import type { Queue } from './service/queue.js'
import type { Use } from './service/residency.js'

/** What all requests share. */
export interface Service {
  readonly models: ServedModels
  readonly queue: Queue<Call>
  readonly metrics: ServerMetrics
  readonly limits: Limits
  readonly onRequest: (record: RequestRecord) => void
}

/** What a request that has a turn is doing. */
export interface CallProgress {
  readonly model: string | undefined
  readonly state: 'waiting' | 'prompt' | 'generating'
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly completionTokens: number
  /** Milliseconds since the turn began. */
  readonly sinceMs: number
  /** Since the first token. */
  readonly tokensPerSecond: number
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
  /** Who has sent it: what is kept for one tenant is never used for another. */
  tenant = ANYONE
  /** The path of its endpoint. */
  endpoint = 'none'
  readonly #since = performance.now()
  readonly #controller: ReturnType<typeof following>
  readonly #onEnd: (call: Call) => void
  readonly #uses: Use<LoadedModel>[] = []
  #leave: (() => void) | undefined
  #entered = 0
  #isWaiting = false
  #firstToken = 0
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

  /** The model that the request names, which is not unloaded before the call ends. Rejects as `ServedModels.use` does. */
  async model(name: string | undefined): Promise<ServedModel> {
    const use = await this.service.models.use(name, this.signal)
    this.#uses.push(use)
    this.note({ model: use.item.name })
    return use.item.under(this.tenant, {
      counted: (counts) => this.#count(counts),
      waits: (isWaiting) => {
        this.#isWaiting = isWaiting
      },
    })
  }

  /** Waits for a turn, which ends with the call. `priority`: of the request; smaller is sooner. Default 0. */
  async enter(priority = 0): Promise<void> {
    this.#leave = await this.service.queue.enter(this.signal, { priority, holder: this, tenant: this.tenant })
    this.#entered = performance.now()
  }

  get progress(): CallProgress {
    const { model, promptTokens = 0, cachedTokens = 0, completionTokens = 0 } = this.#record
    const now = performance.now()
    const seconds = (now - this.#firstToken) / 1000
    const tokensPerSecond = completionTokens > 1 && seconds > 0 ? (completionTokens - 1) / seconds : 0
    const sinceMs = now - this.#entered
    const state = this.#isWaiting ? 'waiting' : completionTokens > 0 ? 'generating' : 'prompt'
    return { model, state, promptTokens, cachedTokens, completionTokens, sinceMs, tokensPerSecond }
  }

  /** Adds to what is reported of the request. */
  note(record: Partial<RequestRecord>): void {
    this.#record = { ...this.#record, ...record }
  }

  #count(counts: TokenCounts): void {
    this.note(counts)
    if (counts.completionTokens === 0 || this.#firstToken > 0) return
    this.#firstToken = performance.now()
    this.service.metrics.firstToken(this.#firstToken - this.#since)
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
        this.failed(error)
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

  /** The request has failed. A model whose engine has ended is loaded again for the next request. */
  failed(error: unknown): void {
    if (!(error instanceof DasllamaError) || !LOSSES.includes(error.code)) return
    for (const use of this.#uses) use.lost()
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
    for (const use of this.#uses) use.end()
    this.#controller.release()
    this.#onEnd(this)
    const { method, url } = this.request
    const record = {
      id: this.id,
      method,
      path: new URL(url).pathname,
      status: 500,
      ms: performance.now() - this.#since,
      ...this.#record,
    }
    this.service.metrics.ended(record, this.endpoint)
    this.service.onRequest(record)
  }
}

/** The model's engine, or one of its threads, has ended. */
const LOSSES: readonly ErrorCode[] = ['ENGINE_LOST', 'THREAD_LOST', 'DISPOSED']

function tookTooLong(timeout: number): ApiError {
  return new ApiError(504, `the request has taken more than ${timeout} ms`, { code: 'timeout' })
}
