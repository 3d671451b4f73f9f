import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DasllamaError } from '../../errors.js'
import type { HttpServer, ListenOptions } from '../terminal.js'
import { answerInvalidRequests, errorMessage } from './http-errors.js'

const OPTIONS = {
  /** Milliseconds until all headers have arrived, and how often that is checked. */
  headersTimeout: 20_000,
  connectionsCheckingInterval: 2000,
  // Missing ones are refused below, with a message.
  requireHostHeader: false,
}

/**
 * Answers HTTP requests with a function from `Request` to `Response`. The request's signal is aborted when the client leaves.
 * Rejects with `IO` if the address cannot be listened on.
 */
export async function listen(
  answer: (request: Request) => Promise<Response>,
  { host, port }: ListenOptions,
): Promise<HttpServer> {
  const server = createServer(OPTIONS, (message, response) => {
    void respond(message, response, answer)
  })
  answerInvalidRequests(server)
  await listening(server, host, port)
  const address = server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${name}:${address.port}`,
    stopListening: () => {
      server.close()
      server.closeIdleConnections()
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'another program uses the port' : cause.message
      reject(new DasllamaError('IO', `cannot listen on ${host}:${port}: ${reason}`, { cause }))
    })
    // A connection that cannot be accepted does not end the server.
    server.on('error', () => {})
    server.listen(port, host, () => resolve())
  })
}

async function respond(
  message: IncomingMessage,
  response: ServerResponse,
  answer: (request: Request) => Promise<Response>,
): Promise<void> {
  const left = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) left.abort(new DOMException('the client has left', 'AbortError'))
  })
  try {
    await send(await answer(requestOf(message, left.signal)), message, response)
  } catch {
    // The handler answers everything itself: this is a request that cannot be expressed, or a connection that broke.
    if (response.headersSent) response.destroy()
    else {
      const { headers, body } = errorMessage(
        'invalid_http',
        'the request has an invalid method, address or header',
      )
      response.writeHead(400, headers).end(body)
    }
  }
}

function requestOf(message: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET', url = '/', httpVersion } = message
  const hosts = message.headersDistinct.host ?? []
  if (hosts.length > 1 || (hosts.length === 0 && httpVersion !== '1.0'))
    throw new TypeError('not one Host header')
  const headers = new Headers()
  for (const [name, value] of Object.entries(message.headersDistinct)) {
    for (const each of value ?? []) headers.append(name, each)
  }
  const hasBody = method !== 'GET' && method !== 'HEAD'
  // The name in the Host header decides nothing here, so that no client can forge an address.
  return new Request(new URL(url.startsWith('/') ? `http://localhost${url}` : url), {
    method,
    headers,
    signal,
    ...(hasBody && { body: bodyOf(message), duplex: 'half' }),
  } as RequestInit)
}

/** The body as a stream. Cancelling it leaves the connection open for the response; Node discards what still comes. */
function bodyOf(message: IncomingMessage): ReadableStream<Uint8Array> {
  let isOpen = true
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const close = (settle: () => void) => {
        if (isOpen) settle()
        isOpen = false
      }
      message.on('data', (chunk: Uint8Array) => {
        if (!isOpen) return
        controller.enqueue(new Uint8Array(chunk))
        if ((controller.desiredSize ?? 0) <= 0) message.pause()
      })
      message.once('end', () => close(() => controller.close()))
      message.once('error', (error) => close(() => controller.error(error)))
      message.once('close', () => close(() => controller.error(new Error('the connection was closed'))))
    },
    pull: () => void message.resume(),
    cancel() {
      isOpen = false
      message.resume()
    },
  })
}

async function send(answer: Response, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers: Record<string, string> = {}
  for (const [name, value] of answer.headers) headers[name] = value
  // What is left of a body that was refused would delay the next request on this connection.
  if (!message.complete) headers.connection = 'close'
  response.writeHead(answer.status, headers)
  const reader = answer.body?.getReader()
  if (!reader || message.method === 'HEAD') {
    await reader?.cancel()
    response.end()
    return
  }
  const stop = () => void reader.cancel().catch(() => {})
  response.once('close', stop)
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    // A stream that has failed does not wait for a client that does not read.
    if (!response.write(value)) await Promise.race([drained(response), reader.closed])
  }
  response.off('close', stop)
  response.end()
}

/** Resolves when more can be written, or the client has left. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off('drain', settle)
      response.off('close', settle)
      resolve()
    }
    response.on('drain', settle)
    response.on('close', settle)
    if (response.destroyed) settle()
  })
}
