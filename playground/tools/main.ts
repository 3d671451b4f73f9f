/**
 * Builds the playground and serves it.
 *
 *   npm run playground                  at http://127.0.0.1:8080/, or any free port if that one is taken
 *   npm run playground -- --port 9000
 *   npm run playground -- --build       only builds; put .cache/playground on any static host
 */
import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { buildPlayground, PLAYGROUND_FOLDER } from './build.js'
import { serveFolder } from './serve.js'

const DEFAULT_PORT = 8080

const { values } = parseArgs({ options: { build: { type: 'boolean' }, port: { type: 'string' } } })
const port = values.port === undefined ? undefined : Number(values.port)
if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65536)) {
  console.error(`--port must be a number from 0 to 65535, not ${values.port}`)
  process.exit(1)
}
await buildPlayground()
console.log(`built ${relative(process.cwd(), PLAYGROUND_FOLDER)}`)
if (!values.build) {
  const server = await serveFolder(PLAYGROUND_FOLDER, { port: port ?? DEFAULT_PORT }).catch((error) => {
    if (port === undefined && error.code === 'EADDRINUSE') return serveFolder(PLAYGROUND_FOLDER)
    throw error
  })
  console.log(`the playground is at ${server.url} (Ctrl+C ends it)`)
}
