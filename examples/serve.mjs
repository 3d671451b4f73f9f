/**
 * Serves the current folder on this machine, with the two headers that a page needs for threads.
 *
 *   node ../serve.mjs [--port 8080]
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, sep } from 'node:path'
import { cwd } from 'node:process'
import { parseArgs } from 'node:util'

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
}

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values

/** The path of a file in the folder; `undefined` if an address leads to none. */
async function fileAt(address) {
  const path = decodeURIComponent(new URL(address, 'http://localhost').pathname)
  const file = join(cwd(), path.endsWith('/') ? `${path}index.html` : path)
  return file.startsWith(cwd() + sep) && (await stat(file)).isFile() ? file : undefined
}

const server = createServer(async (request, response) => {
  const file = await fileAt(request.url).catch(() => undefined)
  if (!file) return response.writeHead(404).end('not found')
  response.writeHead(200, {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'cache-control': 'no-cache',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  })
  createReadStream(file).pipe(response)
})
server.listen(Number(port), 'localhost', () => console.log(`http://localhost:${port}/`))
