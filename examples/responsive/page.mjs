/** Measures on a page, whose peer is a worker, and in a worker, whose peer is the page. */
import * as dasllama from '../../dist/index.js'
import { measure } from './measure.mjs'
import { startPeer } from './peer.mjs'

export function measureOnPage(source, options) {
  const ticker = new Worker(new URL('ticker.mjs', import.meta.url), { type: 'module' })
  const peer = {
    listen: (onMessage) => {
      ticker.onmessage = ({ data }) => onMessage(data)
    },
    send: (message) => ticker.postMessage(message),
    close: () => ticker.terminate(),
  }
  return measure(dasllama, source, peer, options)
}

export async function measureInWorker(source, options) {
  const worker = new Worker(new URL('web-worker.mjs', import.meta.url), { type: 'module' })
  // The worker's first message is its task; those of the peer follow.
  worker.postMessage([new URL(source, location.href).href, options])
  const peer = startPeer((message) => worker.postMessage(message))
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => {
        if (data.rows) resolve(data)
        else peer.take(data)
      }
      worker.onerror = ({ message }) => reject(new Error(message))
    })
  } finally {
    peer.stop()
    worker.terminate()
  }
}
