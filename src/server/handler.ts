import { anthropicError, isForAnthropic } from './anthropic/error.js'
import { ApiError, toApiError } from './api-error.js'
import { Call, type Service } from './call.js'
import { ENDPOINTS } from './endpoints/index.js'
import { Cors } from './http/cors.js'
import { ApiKeys } from './http/keys.js'
import { errorResponse } from './http/responses.js'
import { type HandlerOptions, resolveHandlerOptions } from './options.js'
import { asksForPage, pageResponse } from './page/response.js'
import { findRoute } from './router.js'
import { ServerMetrics } from './service/metrics.js'
import { ServedModels } from './service/models.js'
import { Queue } from './service/queue.js'

/** Answers the requests of the APIs of OpenAI and Anthropic with models in this program. See `createHandler`. */
export interface Handler {
  (request: Request): Promise<Response>
  /** Loads a model before the first request for it. Rejects with what its loader rejects with, and for an unknown name. */
  load(name: string): Promise<void>
  /**
   * Frees the memory of a model that a function has loaded; the next request for it loads it again. Rejects with an error whose
   * `code` is `model_busy` while requests use it, `model_not_unloadable` for one that was given loaded, and for an unknown name.
   */
  unload(name: string): Promise<void>
  /**
   * Refuses new requests with the status 503 and waits until the running ones have ended; `signal` ends those with an error.
   * Then it frees what was kept for later requests, and the models that it has loaded. A loader that is still at work is waited for ten
   * seconds, or until the signal is aborted; its model is freed when it comes. Idempotent.
   */
  close(options?: { readonly signal?: AbortSignal }): Promise<void>
}

/**
 * A handler of requests in the APIs of OpenAI and Anthropic, for any runtime with `Request` and `Response`.
 *
 * ```js
 * const model = await loadModel('model.gguf')
 * const handler = createHandler({ models: { 'my-model': model } })
 * export default { fetch: handler }
 * ```
 *
 * It never rejects: errors are responses. Throws `INVALID_ARGUMENT` for bad options.
 */
export function createHandler(options: HandlerOptions): Handler {
  const server = new Server(options)
  return Object.assign((request: Request) => server.handle(request), {
    load: (name: string) => server.load(name),
    unload: (name: string) => server.unload(name),
    close: ({ signal }: { readonly signal?: AbortSignal } = {}) => server.close(signal),
  })
}

class Server {
  readonly #service: Service
  readonly #keys: ApiKeys
  readonly #cors: Cors
  readonly #metricsArePublic: boolean
  readonly #hasPage: boolean
  readonly #calls = new Set<Call>()
  /** Set when no more requests are accepted. */
  #closed: Promise<void> | undefined
  #whenIdle: (() => void) | undefined
  /** Aborted when closing is to wait no longer. */
  readonly #closing = new AbortController()

  constructor(options: HandlerOptions) {
    const resolved = resolveHandlerOptions(options)
    const { models, apiKeys, cors, maxConcurrent, maxQueued, limits } = resolved
    this.#service = {
      // Those who could run at once may wait for their model too.
      models: new ServedModels(models, { ...resolved, maxWaiting: maxQueued + maxConcurrent }),
      queue: new Queue({ limit: maxConcurrent, maxWaiting: maxQueued }),
      metrics: new ServerMetrics(),
      limits,
      onRequest: resolved.onRequest,
    }
    this.#keys = new ApiKeys(apiKeys)
    this.#cors = new Cors(cors)
    this.#metricsArePublic = resolved.metrics === 'public'
    this.#hasPage = resolved.hasPage
  }

  async load(name: string): Promise<void> {
    if (this.#closed) throw shuttingDown()
    try {
      const use = await this.#service.models.use(name, new AbortController().signal)
      use.end()
    } catch (error) {
      throw error instanceof ApiError && error.cause !== undefined ? error.cause : error
    }
  }

  unload(name: string): Promise<void> {
    return this.#service.models.unload(name)
  }

  async handle(request: Request): Promise<Response> {
    const call = new Call(request, this.#service, (ended) => this.#forget(ended))
    this.#calls.add(call)
    const response = await this.#answer(call)
    // The names of OpenAI's API and of Anthropic's.
    for (const name of ['x-request-id', 'request-id']) response.headers.set(name, call.id)
    this.#cors.allow(request, response.headers)
    return response
  }

  close(signal: AbortSignal | undefined): Promise<void> {
    this.#closed ??= this.#close()
    const abort = () => {
      for (const call of this.#calls) call.abort(shuttingDown())
      this.#closing.abort()
    }
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })
    return this.#closed.finally(() => signal?.removeEventListener('abort', abort))
  }

  async #close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve
      if (this.#calls.size === 0) resolve()
    })
    await this.#service.models.close(this.#closing.signal)
  }

  #forget(call: Call): void {
    this.#calls.delete(call)
    if (this.#calls.size === 0) this.#whenIdle?.()
  }

  async #answer(call: Call): Promise<Response> {
    let response: Response
    let failure: unknown
    try {
      response = this.#cors.preflight(call.request) ?? (await this.#route(call))
    } catch (error) {
      call.failed(error)
      const sent = call.signal.aborted
        ? aborted(call.signal.reason)
        : toApiError(error, { prompt: call.promptField })
      failure = sent.cause
      call.note({ ended: sent.code })
      response = errorResponse(sent, call.errorBody(sent))
    }
    call.responded(response, failure)
    return response
  }

  async #route(call: Call): Promise<Response> {
    if (this.#hasPage && asksForPage(call.request)) return pageResponse()
    const { method, url, headers } = call.request
    if (isForAnthropic(headers)) call.errorBody = (error) => anthropicError(error, call.id)
    const { endpoint, rest } = findRoute(ENDPOINTS, method, new URL(url).pathname)
    const { errorBody } = endpoint
    if (errorBody) call.errorBody = (error) => errorBody(error, call)
    call.endpoint = endpoint.path
    const isPublic = endpoint.isPublic || (endpoint.isMetrics && this.#metricsArePublic)
    if (!isPublic) call.tenant = await this.#keys.check(headers)
    if (this.#closed) throw shuttingDown()
    return endpoint.answer(call, rest)
  }
}

/** The client has left, so nobody sees this, or the server has stopped waiting. */
function aborted(reason: unknown): ApiError {
  return reason instanceof ApiError
    ? reason
    : new ApiError(499, 'the client has left', { code: 'client_closed' })
}

function shuttingDown(): ApiError {
  return new ApiError(503, 'the server is shutting down', {
    code: 'shutting_down',
    headers: { 'retry-after': '10' },
  })
}
