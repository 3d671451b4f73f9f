/** The program of a thread that converts tensors, in Node, Deno and Bun. */
import { parentPort } from 'node:worker_threads'
import { servePieces } from '../../quantize/serve-pieces.js'
import { platform } from './platform.js'

const port = parentPort
if (port) {
  servePieces(
    {
      post: (message, transfer = []) => port.postMessage(message, transfer as []),
      listen: (receive) => void port.on('message', receive),
    },
    () => platform.loadKernels(),
  )
  port.postMessage('ready')
}
