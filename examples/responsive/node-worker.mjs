/** Measures in a worker of Node; the thread that started it is the peer. */
import { parentPort, workerData } from 'node:worker_threads'
import * as dasllama from '../../dist/index.js'
import { measure } from './measure.mjs'

const peer = {
  listen: (onMessage) => parentPort.on('message', onMessage),
  send: (message) => parentPort.postMessage(message),
  // Closing the port would lose the result; the thread that started the worker ends it.
  close: () => {},
}
parentPort.postMessage(await measure(dasllama, workerData.source, peer, workerData.options))
