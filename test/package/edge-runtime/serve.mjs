/**
 * Serves an edge function as Vercel does: its bundle in edge-runtime, with WebAssembly modules as globals, and the static files of
 * `public/` at the same address.
 *
 *   node serve.mjs api/chat.ts --port PORT
 */
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { basename, join, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { EdgeRuntime } from 'edge-runtime'
import { build } from 'esbuild'

const [entry, , port] = process.argv.slice(2)

/** The modules that the bundle imports, by the names of their globals. */
const modules = {}

/** Vercel's builder replaces an import of WebAssembly by a global that has the compiled module. */
const webAssembly = {
  name: 'WebAssembly',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.wasm\?module$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.replace(/\?module$/, '')),
      namespace: 'wasm',
    }))
    onLoad({ filter: /./, namespace: 'wasm' }, ({ path }) => {
      const name = `wasm_${basename(path).replace(/\W/g, '_')}`
      modules[name] = new WebAssembly.Module(readFileSync(path))
      return { contents: `export default ${name}` }
    })
  },
}

const { outputFiles } = await build({
  stdin: {
    contents: `import handler from ${JSON.stringify(resolve(entry))}
      addEventListener('fetch', (event) => event.respondWith(handler(event.request)))`,
    resolveDir: process.cwd(),
  },
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  conditions: ['edge-light', 'import', 'default'],
  write: false,
  logLevel: 'warning',
  logOverride: { 'empty-import-meta': 'silent' },
  plugins: [webAssembly],
})
console.log(`bundle: ${outputFiles[0].contents.length} bytes`)
const runtime = new EdgeRuntime({
  initialCode: outputFiles[0].text,
  extend: (context) => Object.assign(context, modules),
})

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost')
  if (pathname.startsWith('/models/')) return serveFile(join('public', pathname), request, response)
  if (pathname !== '/api/chat') return response.writeHead(404).end()
  const { method, headers } = request
  const body = method === 'GET' ? undefined : await buffer(request)
  const answer = await runtime.dispatchFetch(`http://127.0.0.1:${port}${request.url}`, {
    method,
    headers,
    body,
  })
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  for await (const chunk of answer.body ?? []) response.write(chunk)
  response.end()
})
server.listen(Number(port), '127.0.0.1', () => console.log('ready'))

function serveFile(path, { headers }, response) {
  const { size } = statSync(path)
  const [, start = 0, end = size - 1] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
  response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${size}` })
  createReadStream(path, { start: Number(start), end: Math.min(Number(end), size - 1) }).pipe(response)
}
