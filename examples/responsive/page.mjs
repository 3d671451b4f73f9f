/** Measures on a page, whose peer is a worker, and in a worker, whose peer is the page. */
import * as dasllama from '../../dist/index.js'
import { measure, TICK_MS } from './measure.mjs'

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
  // After the first message the worker listens for ticks only once it has loaded the model.
  worker.postMessage([new URL(source, location.href).href, options])
  const timer = setInterval(() => worker.postMessage('tick'), TICK_MS)
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => {
        if (data === 'abort') worker.postMessage('abort')
        else resolve(data)
      }
      worker.onerror = ({ message }) => reject(new Error(message))
    })
  } finally {
    clearInterval(timer)
    worker.terminate()
  }
}
