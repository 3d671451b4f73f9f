import { type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

/** How long a client may take to read why its connection ends. */
const LINGER_MS = 1000

/** Status, code and message of what Node cannot read as HTTP, by the code of its error. */
const FAILURES: Readonly<Record<string, readonly [status: number, code: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'headers_too_large', 'the address and the headers have more than 16 KiB'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'request_too_large', 'the extensions of a chunk are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'request_timeout', 'the request did not arrive in time'],
}

/** A body of an error in the shape of OpenAI's API, with the length in its headers. */
export function errorMessage(
  code: string,
  message: string,
): { headers: Record<string, string>; body: string } {
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } })
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  return { headers, body }
}

/** Answers what is not valid HTTP, or does not arrive in time, with an error, and ends the connection. */
export function answerInvalidRequests(server: Server): void {
  const responses = new WeakMap<Socket, Set<ServerResponse>>()
  server.on('request', ({ socket }, response) => {
    const its = responses.get(socket) ?? new Set()
    responses.set(socket, its.add(response))
    response.once('close', () => its.delete(response))
  })
  server.on('checkExpectation', (_, response: ServerResponse) => {
    const { headers, body } = errorMessage('expectation_failed', 'the header Expect can only be 100-continue')
    response.writeHead(417, headers).end(body)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, duplex) => {
    const socket = duplex as Socket
    // Within a response, an error would be read as a part of it.
    const isAnswering = [...(responses.get(socket) ?? [])].some(({ headersSent }) => headersSent)
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) return void socket.destroy()
    const [status, code, message] = FAILURES[error.code ?? ''] ?? [
      400,
      'invalid_http',
      'the request is not valid HTTP',
    ]
    const { headers, body } = errorMessage(code, message)
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  })
}
