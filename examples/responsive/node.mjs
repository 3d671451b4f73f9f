/** Measures in Node: on the main thread, whose peer is a worker, and in a worker, whose peer is the main thread. */
import { Worker } from 'node:worker_threads'
import * as dasllama from '../../dist/index.js'
import { measure } from './measure.mjs'
import { startPeer } from './peer.mjs'

export function measureOnMainThread(source, options) {
  const ticker = new Worker(new URL('ticker.mjs', import.meta.url), { execArgv: [] })
  const peer = {
    listen: (onMessage) => ticker.on('message', onMessage),
    send: (message) => ticker.postMessage(message),
    close: () => void ticker.terminate(),
  }
  return measure(dasllama, source, peer, options)
}

export async function measureInNodeWorker(source, options) {
  const worker = new Worker(new URL('node-worker.mjs', import.meta.url), {
    workerData: { source, options },
    // Flags for a program from --eval are not valid for a file.
    execArgv: [],
  })
  const peer = startPeer((message) => worker.postMessage(message))
  try {
    return await new Promise((resolve, reject) => {
      worker.on('message', (message) => {
        if (message.rows) resolve(message)
        else peer.take(message)
      })
      worker.on('error', reject)
    })
  } finally {
    peer.stop()
    await worker.terminate()
  }
}
