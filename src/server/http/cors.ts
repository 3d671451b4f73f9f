/** Which pages may read responses, and which headers they may send. */
export class Cors {
  readonly #origins: boolean | readonly string[]

  constructor(origins: boolean | readonly string[]) {
    this.#origins = origins
  }

  /** The answer to a browser's question whether a page may send a request; `undefined` for other requests. */
  preflight(request: Request): Response | undefined {
    const wanted = request.headers.get('access-control-request-method')
    if (request.method !== 'OPTIONS' || wanted === null) return undefined
    const headers = new Headers({
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? '*',
      'access-control-max-age': '86400',
    })
    return new Response(null, { status: 204, headers })
  }

  /** Adds what allows the request's page to read the response. */
  allow(request: Request, headers: Headers): void {
    const origin = request.headers.get('origin')
    if (this.#origins === false) return
    if (this.#origins !== true) headers.append('vary', 'origin')
    if (origin === null || (this.#origins !== true && !this.#origins.includes(origin))) return
    headers.set('access-control-allow-origin', this.#origins === true ? '*' : origin)
    headers.set('access-control-expose-headers', 'x-request-id, request-id, retry-after')
  }
}
