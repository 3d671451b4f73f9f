/** Requests to the server that this page comes from. */

const KEY = 'dasllama-api-key'

/** The server has refused the API key, or wants one. */
export class KeyNeeded extends Error {}

/** An answer with an error of the API. */
export class ServerError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Sends requests with the user's API key, which this tab remembers. */
export class Server {
  #key = remembered()

  get key(): string {
    return this.#key
  }

  set key(key: string) {
    this.#key = key
    try {
      if (key === '') sessionStorage.removeItem(KEY)
      else sessionStorage.setItem(KEY, key)
    } catch {
      // Storage may be denied: then the key is known until the page is closed.
    }
  }

  /** A request; with a body, it is a POST of JSON. Rejects with `KeyNeeded`, `ServerError`, and as `fetch` does. */
  async send(path: string, { body, signal }: { readonly body?: unknown; readonly signal: AbortSignal }) {
    const headers = new Headers()
    if (this.#key !== '') headers.set('authorization', `Bearer ${asHeader(this.#key)}`)
    if (body !== undefined) headers.set('content-type', 'application/json')
    const method = body === undefined ? 'GET' : 'POST'
    const response = await fetch(path, {
      method,
      headers,
      signal,
      body: JSON.stringify(body),
      cache: 'no-store',
    })
    if (response.ok) return response
    const message = messageOf(await response.json().catch(() => undefined))
    if (response.status === 401) throw new KeyNeeded(message ?? 'the server wants an API key')
    throw new ServerError(response.status, message ?? `the server has answered with ${response.status}`)
  }
}

/** The message of an error as the API sends it. */
export function messageOf(json: unknown): string | undefined {
  const { error } = (typeof json === 'object' && json !== null ? json : {}) as { error?: unknown }
  if (typeof error === 'string') return error
  const { message } = (typeof error === 'object' && error !== null ? error : {}) as { message?: unknown }
  return typeof message === 'string' ? message : undefined
}

/** Other characters cannot be in a header; a key that has them is wrong anyway. */
function asHeader(key: string): string {
  return key.replace(/[^\x21-\x7e]/g, '?')
}

function remembered(): string {
  try {
    return sessionStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}
