/** Measures in installed browsers: starts each one headless on a page that this program serves. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, existsSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { PLACE_KEYS } from './places.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const firstOf = (...paths) => paths.find((path) => path !== undefined && existsSync(path))

/** Name, path (`undefined` if it is not installed) and how to start it on `url` with an empty `profile`. */
export const BROWSERS = [
  {
    name: 'Chromium',
    variable: 'CHROMIUM',
    path: firstOf(
      process.env.CHROMIUM,
      '/usr/bin/chromium',
      '/usr/bin/chromium-browser',
      '/usr/bin/google-chrome',
    ),
    args: (url, profile) => [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
      ...[`--user-data-dir=${profile}`, url],
    ],
  },
  {
    name: 'Firefox',
    variable: 'FIREFOX',
    path: firstOf(process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox'),
    args: (url, profile) => ['--headless', '--no-remote', '--profile', profile, url],
  },
]

/**
 * Resolves with what `measure` returns at each of `places`, by their keys (see places.mjs). `source`: the path of a model
 * file.
 */
export async function measureInBrowser({ name, path, args }, source, options, places = PLACE_KEYS) {
  const server = await serve(source)
  const profile = await mkdtemp(join(tmpdir(), 'responsive-'))
  const task = encodeURIComponent(JSON.stringify({ source: '/model.gguf', options, places }))
  const url = `http://127.0.0.1:${server.port}/examples/responsive/page.html#${task}`
  const browser = spawn(path, args(url, profile), { stdio: 'ignore' })
  const closed = once(browser, 'close')
  const early = closed.then(() => Promise.reject(new Error(`${name} ended too early`)))
  try {
    const { error, ...results } = JSON.parse(await Promise.race([server.posted, early]))
    if (error) throw new Error(`${name}: ${error}`)
    return results
  } finally {
    early.catch(() => {})
    browser.kill()
    await closed
    server.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

const TYPES = {
  '.html': 'text/html',
  '.mjs': 'text/javascript',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
}

/** The repository and a model file on a port of this machine; `posted` resolves with the first text that is posted. */
async function serve(model) {
  let post
  const posted = new Promise((resolve) => {
    post = resolve
  })
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') {
      post(await text(request))
      return response.end()
    }
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname))
    const file = path === '/model.gguf' ? model : join(ROOT, path)
    const found = await stat(file).catch(() => undefined)
    if (!found?.isFile()) return response.writeHead(404).end()
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    const start = range ? Number(range[1]) : 0
    const end = Math.min(range ? Number(range[2]) : found.size - 1, found.size - 1)
    response.writeHead(range ? 206 : 200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-length': end - start + 1,
      'accept-ranges': 'bytes',
      ...(range && { 'content-range': `bytes ${start}-${end}/${found.size}` }),
      // Needed by a page for threads.
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    })
    createReadStream(file, { start, end }).pipe(response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: server.address().port,
    posted,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
