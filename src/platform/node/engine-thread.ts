/** The program of an engine's thread in Node, Deno and Bun. */
import { parentPort } from 'node:worker_threads'
import { serveEngine } from '../../backend/worker/serve-engine.js'
import { platform } from './platform.js'

const port = parentPort
if (port) {
  serveEngine(
    {
      post: (message, transfer = []) => port.postMessage(message, transfer as []),
      listen: (receive) => void port.on('message', receive),
    },
    platform,
  )
  port.postMessage('ready')
}
