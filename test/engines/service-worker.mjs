/** Runs the program in a service worker, which has no `import()`: a message with the task is answered with the answer. */
import * as internals from '../../.cache/engines/internals.mjs'
import * as sampling from '../../dist/sampling.js'
import * as dasllama from '../../dist/service-worker.js'
import { compute } from './program.mjs'

globalThis.addEventListener('message', (event) => {
  const answering = compute({ ...event.data, dasllama, sampling, internals })
    .catch((error) => ({ error: String(error) }))
    .then((answer) => event.source.postMessage(answer))
  event.waitUntil(answering)
})
