/** The peer as a separate thread, in Node or of a page: see measure.mjs. */
import { startPeer } from './peer.mjs'

const port = globalThis.postMessage ? globalThis : (await import('node:worker_threads')).parentPort
const peer = startPeer((message) => port.postMessage(message))
port.addEventListener('message', ({ data }) => peer.take(data))
