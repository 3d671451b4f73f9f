/** A client that sends what a well-behaved one never would. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Milliseconds after which a server that still has not ended the connection hangs. */
const PATIENCE_MS = 60_000

export interface RawAnswer {
  /** Of the first response; 0 if there is none. */
  readonly status: number
  /** All that was received. */
  readonly text: string
  /** Of the first response, if it is JSON. */
  readonly json: unknown
}

/** Opens a connection; errors of it are ignored, because servers may break it. */
export async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Sends bytes, in pieces if several are given, and resolves with what the server says until it ends the connection. */
export async function say(
  port: number,
  pieces: string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<RawAnswer> {
  const socket = await opened(port)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the server has not ended the connection')), PATIENCE_MS)
  })
  const send = async () => {
    const list = typeof pieces === 'string' || pieces instanceof Uint8Array ? [pieces] : pieces
    for await (const piece of list) {
      if (socket.destroyed) return
      if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => {}), closed])
    }
  }
  try {
    await Promise.race([Promise.all([send(), closed]), late])
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
  return answerOf(Buffer.concat(chunks).toString())
}

function answerOf(text: string): RawAnswer {
  const [head, body = ''] = text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '').split(/\r\n\r\n/, 2)
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    // Chunked, or no JSON.
    try {
      json = JSON.parse(/\{[\s\S]*\}/.exec(body)?.[0] ?? '')
    } catch {
      json = undefined
    }
  }
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), text, json }
}

/** A request as text, after which the server ends the connection. */
export function request(
  line: string,
  headers: Readonly<Record<string, string | number>> = {},
  body = '',
): string {
  const all = { host: 'server', connection: 'close', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

/** A POST of JSON. */
export function post(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string | number>> = {},
): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const own = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  return request(`POST ${path}`, { ...own, ...headers }, text)
}
