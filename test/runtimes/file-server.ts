import { open, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { pipeline } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
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

const EMPTY_PAGE = '<!doctype html><title>test</title>'
const PAGES: Readonly<Record<string, SpecialResponse>> = { '/': {}, '/plain': { headers: {} } }

export interface FileServer {
  /** `http://127.0.0.1:PORT/`. */
  readonly url: string
  /** Requested paths, in order. */
  readonly requests: readonly string[]
  /** Resolves with the first text that is posted. */
  readonly posted: Promise<string>
  close(): Promise<void>
}

/** A response to a path instead of the file of that name. */
export interface SpecialResponse {
  /** Another file to respond with; default: `body`. */
  readonly file?: string
  /** Default: an empty page. */
  readonly body?: string
  /** Whether `body` is JavaScript instead of the body of a page. */
  readonly isScript?: boolean
  /** Default: 200. */
  readonly status?: number
  /** Instead of those that isolate a page. */
  readonly headers?: Readonly<Record<string, string>>
  /** Never responds. */
  readonly hangs?: boolean
}

/**
 * Serves the repository's files on 127.0.0.1, with byte ranges, an empty page at `/` and one without shared memory at
 * `/plain`; accepts a post at any path and responds with the result of `answer`. Paths that `special` knows come first.
 */
export async function serveFiles(
  answer: (text: string) => Promise<string> = async () => '',
  special: (path: string) => SpecialResponse | undefined = () => undefined,
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
    const {
      hangs,
      status = 200,
      headers = ISOLATION,
      ...instead
    } = special(path) ?? PAGES[path] ?? { file: path }
    if (hangs) return
    if (instead.file === undefined) {
      const { body = '', isScript = false } = instead
      const type = isScript ? 'text/javascript' : 'text/html'
      return response
        .writeHead(status, { ...headers, 'content-type': type })
        .end(isScript ? body : EMPTY_PAGE + body)
    }
    const file = join(ROOT, instead.file)
    const found = await stat(file).catch(() => undefined)
    if (!found?.isFile()) return response.writeHead(404).end()
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = range ? Number(range[1]) : 0
    const end = range?.[2] ? Math.min(Number(range[2]), found.size - 1) : found.size - 1
    response.writeHead(range ? 206 : 200, {
      ...headers,
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      'content-length': end - start + 1,
      'accept-ranges': 'bytes',
      ...(range ? { 'content-range': `bytes ${start}-${end}/${found.size}` } : {}),
    })
    const handle = await open(file)
    // Unlike `pipe`, it also closes the file of a request that is aborted.
    pipeline(handle.createReadStream({ start, end }), response, () => {})
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
