import { describeFailure, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { Attempts } from './attempts.js'
import { contentLength, retryAfter } from './http-headers.js'
import { Transfer } from './transfer.js'

/** Options for fetching a URL. */
export interface HttpOptions {
  /** Headers sent with every request, such as an authorization. Default none. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default: the global `fetch`. */
  readonly fetch?: ((url: string | URL, init?: RequestInit) => Promise<Response>) | undefined
  /** How often a failed request is retried before the read fails, 0 to 100. Default 4. */
  readonly retries?: number | undefined
  /** Milliseconds without progress after which a request is aborted and retried. Default 30,000. */
  readonly stallTimeout?: number | undefined
  /** Called with the number of bytes of a body that have arrived, those of failed attempts included. */
  readonly onReceived?: ((bytes: number) => void) | undefined
  /** Whether a browser's HTTP cache may keep the responses, too. Default true. */
  readonly isCacheable?: boolean | undefined
  /** What to do about a file that may not be read (401 and 403). Default: names the option `headers`. */
  readonly accessHint?: string | undefined
}

/** Statuses of an overloaded or restarting server. */
const TRANSIENT = new Set([408, 429, 500, 502, 503, 504])
/** Statuses of a signed URL that has expired. */
const EXPIRED = new Set([401, 403, 404, 410])
/** Headers that are not sent to another origin, as in `fetch` when it follows a redirect. */
const FOR_ONE_ORIGIN = ['authorization', 'proxy-authorization', 'cookie']
/** Connection failures for which a retry is pointless, by Node's error code. */
const PERMANENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_NONAME',
  'ERR_INVALID_URL',
  'UND_ERR_INVALID_ARG',
])

/**
 * Requests for one file. Redirects are followed once: later requests go directly to the final address and return to the
 * original one if that fails. Transient failures are retried. Failures are reported as `DasllamaError`.
 */
export class HttpClient {
  /** For messages. */
  readonly name: string
  readonly url: URL
  readonly options: HttpOptions
  readonly #headers: Headers
  /** The redirect's target, as long as it responds. */
  #target: { readonly url: string; hasAnswered: boolean } | undefined
  /** False once a target has rejected its first direct request: such targets are valid only once. */
  #keepsTarget = true
  #hasAnswered = false

  /** Throws `INVALID_ARGUMENT` for headers that cannot be sent. */
  constructor(url: URL, options: HttpOptions) {
    this.name = displayName(url.href)
    this.url = url
    this.options = options
    try {
      this.#headers = new Headers(options.headers)
    } catch (cause) {
      throw new DasllamaError('INVALID_ARGUMENT', `headers cannot be sent: ${describeFailure(cause)}`, {
        cause,
      })
    }
  }

  attempts(): Attempts {
    return new Attempts(this.options.retries ?? 4)
  }

  /** The response to GET, its body unread; its status is 200, 206 or 416. */
  async get(
    headers: Readonly<Record<string, string>>,
    attempts: Attempts,
    signal?: AbortSignal,
  ): Promise<Transfer> {
    while (true) {
      const target = this.#target
      let transfer: Transfer
      try {
        transfer = await this.#send('GET', target?.url, headers, signal)
      } catch (cause) {
        this.#target = undefined
        const failure = this.#unreachable(cause, signal)
        if (!this.#hasAnswered && isPermanent(cause)) throw failure
        await attempts.next(failure, signal)
        continue
      }
      const { response } = transfer
      this.#hasAnswered = true
      if (response.status === 200 || response.status === 206 || response.status === 416) {
        if (target) target.hasAnswered = true
        else this.#keep(response)
        return transfer
      }
      transfer.discard()
      this.#target = undefined
      if (target && EXPIRED.has(response.status)) {
        this.#keepsTarget = target.hasAnswered
        continue
      }
      const failure = this.#refusal(response)
      if (!TRANSIENT.has(response.status)) throw failure
      await attempts.next(failure, signal, retryAfter(response))
    }
  }

  /** The content length from HEAD, if any. */
  async size(signal?: AbortSignal): Promise<number | undefined> {
    const transfer = await this.#send('HEAD', undefined, {}, signal).catch((cause) => {
      throw this.#unreachable(cause, signal)
    })
    transfer.discard()
    return transfer.response.status === 200 ? contentLength(transfer.response) : undefined
  }

  #send(
    method: string,
    target: string | undefined,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Transfer> {
    const { fetch: request = fetch, stallTimeout = 30_000, onReceived, isCacheable = true } = this.options
    const cache = isCacheable ? {} : { cache: 'no-store' as const }
    const all = new Headers(this.#headers)
    if (target !== undefined && new URL(target).origin !== this.url.origin) {
      for (const name of FOR_ONE_ORIGIN) all.delete(name)
    }
    for (const [name, value] of Object.entries(headers)) all.set(name, value)
    const send = async (signal: AbortSignal) =>
      request(target ?? this.url, { method, headers: all, signal, ...cache })
    return Transfer.begin(this.name, send, { stallTimeout, onReceived }, signal)
  }

  #keep({ redirected, url }: Response): void {
    if (redirected && url !== '' && this.#keepsTarget) this.#target = { url, hasAnswered: false }
  }

  #unreachable(cause: unknown, signal: AbortSignal | undefined): DasllamaError {
    signal?.throwIfAborted()
    if (cause instanceof DasllamaError) return cause
    return new DasllamaError('IO', `${this.name}: request failed${reasonOf(cause)}`, {
      hint: 'check the address, the network and, in a browser, that the server allows this origin (CORS)',
      cause,
    })
  }

  #refusal({ status, statusText }: Response): DasllamaError {
    const reason = statusText === '' ? '' : ` ${displayName(statusText)}`
    const message = `${this.name}: the server responded with ${status}${reason}`
    if (status === 404 || status === 410) {
      return new DasllamaError('NOT_FOUND', message, {
        hint: 'check the address; a browser resolves a relative one against the page',
      })
    }
    if (status === 401 || status === 403) {
      return new DasllamaError('IO', message, {
        hint:
          this.options.accessHint ?? 'the file may require an authorization header: see the option `headers`',
      })
    }
    const hint = TRANSIENT.has(status) ? 'the server is overloaded or broken: try again later' : undefined
    return new DasllamaError('IO', message, { hint })
  }
}

function isPermanent(cause: unknown): boolean {
  for (let error = cause, depth = 0; error instanceof Error && depth < 4; error = error.cause, depth++) {
    const { code, message } = error as Error & { code?: string }
    if ((code !== undefined && PERMANENT.has(code)) || message === 'redirect count exceeded') return true
  }
  return false
}

/** The reason of a failed request: runtimes put it in the error's cause; the message of the error itself is generic. */
function reasonOf(failure: unknown): string {
  const cause = failure instanceof Error ? failure.cause : undefined
  if (!(cause instanceof Error)) return ''
  // For a name with several addresses this is an AggregateError with an empty message.
  const { message, code } = cause as Error & { readonly code?: unknown }
  const reason = message || code
  return reason ? `: ${describeFailure(reason)}` : ''
}
