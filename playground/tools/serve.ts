import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { pipeline } from 'node:stream'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
}

/** Pages need these for threads. */
const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}

export interface StaticServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/`. */
  readonly url: string
}

/** Serves the files of a folder on the loopback. `port` 0: any that is free. `isIsolated: false`: as a host without headers does. */
export async function serveFolder(
  folder: string,
  { port = 0, isIsolated = true }: { readonly port?: number; readonly isIsolated?: boolean } = {},
): Promise<StaticServer> {
  const server = createServer(async (request, response) => {
    const path = pathOf(request.url ?? '/')
    const file =
      path === undefined ? undefined : join(folder, path.endsWith('/') ? `${path}index.html` : path)
    const found = file === undefined ? undefined : await stat(file).catch(() => undefined)
    if (file === undefined || !found?.isFile()) return response.writeHead(404).end('Not found')
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-length': found.size,
      'cache-control': 'no-cache',
      ...(isIsolated && ISOLATION),
    })
    if (request.method === 'HEAD') return response.end()
    pipeline(createReadStream(file), response, () => {})
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The path within the folder; `undefined` if the address is malformed. */
function pathOf(url: string): string | undefined {
  try {
    return normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname))
  } catch {
    return undefined
  }
}
