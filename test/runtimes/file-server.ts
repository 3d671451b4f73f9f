import { open, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

/** Needed by a page to share memory with its workers. */
const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}

export interface FileServer {
  /** `http://127.0.0.1:PORT/`. */
  readonly url: string
  /** Requested paths, in order. */
  readonly requests: readonly string[]
  /** Resolves with the first text that is posted. */
  readonly posted: Promise<string>
  close(): Promise<void>
}

/**
 * Serves the repository's files on 127.0.0.1, with byte ranges, an empty page at `/` and one without shared memory at
 * `/plain`; accepts a post at any path and responds with the result of `answer`.
 */
export async function serveFiles(
  answer: (text: string) => Promise<string> = async () => '',
): Promise<FileServer> {
  const requests: string[] = []
  let post: (text: string) => void
  const posted = new Promise<string>((resolve) => {
    post = resolve
  })
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') {
      const body = await text(request)
      post(body)
      return response.end(await answer(body))
    }
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname))
    requests.push(path)
    if (path === '/' || path === '/plain')
      return response
        .writeHead(200, { ...(path === '/' && ISOLATION), 'content-type': 'text/html' })
        .end('<!doctype html><title>test</title>')
    const file = join(ROOT, path)
    const found = await stat(file).catch(() => undefined)
    if (!found?.isFile()) return response.writeHead(404).end()
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = range ? Number(range[1]) : 0
    const end = range?.[2] ? Math.min(Number(range[2]), found.size - 1) : found.size - 1
    response.writeHead(range ? 206 : 200, {
      ...ISOLATION,
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      'content-length': end - start + 1,
      'accept-ranges': 'bytes',
      ...(range ? { 'content-range': `bytes ${start}-${end}/${found.size}` } : {}),
    })
    const handle = await open(file)
    handle.createReadStream({ start, end }).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    requests,
    posted,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
