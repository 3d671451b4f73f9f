import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

export interface TestServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly base: string
  /** Method, path and range of each request so far. */
  readonly requests: { method: string; path: string; range: string | undefined }[]
}

/** A server on the loopback whose paths are answered by `routes`, all others by 404. */
export async function serve(routes: Readonly<Record<string, Handler>>): Promise<TestServer> {
  const requests: TestServer['requests'] = []
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname
    requests.push({ method: request.method ?? '', path, range: request.headers.range })
    const route = routes[path]
    if (route) route(request, response)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The range that a request asks for, `end` exclusive; the whole file if it asks for none. */
export function askedFor(
  request: IncomingMessage,
  size: number,
): { start: number; end: number; isRange: boolean } {
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  if (!match) return { start: 0, end: size, isRange: false }
  const end = match[2] === '' ? size : Math.min(Number(match[2]) + 1, size)
  return { start: Number(match[1]), end, isRange: true }
}

/** Serves ranges as a well-behaved server does, with changed `headers`; undefined removes one. */
export function ranges(bytes: Uint8Array, headers: Record<string, string | undefined> = {}): Handler {
  return (request, response) => {
    const { start, end, isRange } = askedFor(request, bytes.length)
    if (isRange && start >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
      return
    }
    const all: Record<string, string | undefined> = {
      'content-length': String(end - start),
      ...(isRange && { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` }),
      ...headers,
    }
    const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)
    response.writeHead(isRange ? 206 : 200, Object.fromEntries(sent))
    response.end(request.method === 'HEAD' ? undefined : bytes.subarray(start, end))
  }
}

export function redirect(location: string, status = 302): Handler {
  return (_, response) => void response.writeHead(status, { location }).end()
}

/** `handlers` one after the other, one request each; the last one answers all that follow. */
export function inTurn(...handlers: Handler[]): Handler {
  let next = 0
  return (request, response) => handlers[Math.min(next++, handlers.length - 1)](request, response)
}

/** The first request, which detects the server's features, goes to `ordinary`. */
export function afterProbe(ordinary: Handler, ...handlers: Handler[]): Handler {
  const others = inTurn(...handlers)
  return (request, response) => (request.headers.range === 'bytes=0-0' ? ordinary : others)(request, response)
}

/** Sends the head and the first `count` bytes of the requested range, and then cuts the connection. */
export function cutAfter(bytes: Uint8Array, count: number, headers: Record<string, string> = {}): Handler {
  return (request, response) => {
    const { start, end, isRange } = askedFor(request, bytes.length)
    response.writeHead(isRange ? 206 : 200, {
      'content-length': end - start,
      ...(isRange && { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` }),
      ...headers,
    })
    response.write(bytes.subarray(start, Math.min(end, start + count)), () => response.destroy())
  }
}

export function status(code: number, headers: Record<string, string> = {}): Handler {
  return (_, response) => void response.writeHead(code, headers).end()
}
