import { describeFailure, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { Attempts } from './attempts.js'
import { contentLength, retryAfter } from './http-headers.js'
import { Transfer } from './transfer.js'

/** How a URL is fetched. */
export interface HttpOptions {
  /** Sent with every request, e.g. an authorization. Default none. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch | undefined
  /** How often a request that failed is repeated before the read fails, 0 to 100. Default 4. */
  readonly retries?: number | undefined
  /** Milliseconds without progress after which a request is given up and repeated. Default 30,000. */
  readonly stallTimeout?: number | undefined
}

/** Answers that a server gives when it is overloaded or restarted. */
const TRANSIENT = new Set([408, 429, 500, 502, 503, 504])
/** Answers of an address that was signed for a while only, once that is over. */
const EXPIRED = new Set([401, 403, 404, 410])
/** Headers that are for the origin they were given for, as `fetch` has it when it follows a redirect. */
const FOR_ONE_ORIGIN = ['authorization', 'proxy-authorization', 'cookie']
/** Of failures to connect, by Node's code: what a second try does not change. */
const PERMANENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_NONAME',
  'ERR_INVALID_URL',
  'UND_ERR_INVALID_ARG',
])

/**
 * Requests for one file. Redirects are followed once: the address that answered is asked from then on, and the first one
 * again when that fails. What is worth trying again is tried again. Failures come in this package's words.
 */
export class HttpClient {
  /** For messages. */
  readonly name: string
  readonly url: URL
  readonly options: HttpOptions
  readonly #headers: Headers
  /** Where the first address has led to, while that answers. */
  #target: { readonly url: string; hasAnswered: boolean } | undefined
  /** False once a target has refused the very first request that went there directly: it is good for one. */
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

  /** The answer to GET, its body unread; its status is 200, 206 or 416. */
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

  /** The length that HEAD announces, if any. */
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
    const { fetch: request = fetch, stallTimeout = 30_000 } = this.options
    const all = new Headers(this.#headers)
    if (target !== undefined && new URL(target).origin !== this.url.origin) {
      for (const name of FOR_ONE_ORIGIN) all.delete(name)
    }
    for (const [name, value] of Object.entries(headers)) all.set(name, value)
    const send = async (signal: AbortSignal) => request(target ?? this.url, { method, headers: all, signal })
    return Transfer.begin(this.name, send, stallTimeout, signal)
  }

  #keep({ redirected, url }: Response): void {
    if (redirected && url !== '' && this.#keepsTarget) this.#target = { url, hasAnswered: false }
  }

  #unreachable(cause: unknown, signal: AbortSignal | undefined): DasllamaError {
    signal?.throwIfAborted()
    if (cause instanceof DasllamaError) return cause
    return new DasllamaError('IO', `${this.name}: cannot be reached${reasonOf(cause)}`, {
      hint: 'check the address, the network and, in a browser, that the server allows this origin (CORS)',
      cause,
    })
  }

  #refusal({ status, statusText }: Response): DasllamaError {
    const reason = statusText === '' ? '' : ` ${displayName(statusText)}`
    const message = `${this.name}: the server answered ${status}${reason}`
    if (status === 404 || status === 410) {
      return new DasllamaError('NOT_FOUND', message, {
        hint: 'check the address; a browser resolves a relative one against the page',
      })
    }
    if (status === 401 || status === 403) {
      return new DasllamaError('IO', message, {
        hint: 'the file may need an authorization header: the option `headers`',
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

/** Why a request failed, where the runtime says so: it does beside its error, and its error alone says nothing. */
function reasonOf(failure: unknown): string {
  const cause = failure instanceof Error ? failure.cause : undefined
  if (!(cause instanceof Error)) return ''
  // Of a name with several addresses each has failed, and the message is empty.
  const { message, code } = cause as Error & { readonly code?: unknown }
  const reason = message || code
  return reason ? `: ${describeFailure(reason)}` : ''
}
