/** The peer as a separate thread, in Node or of a page: see measure.mjs. */
const port = globalThis.postMessage ? globalThis : (await import('node:worker_threads')).parentPort
setInterval(() => port.postMessage('tick'), 10)
port.addEventListener('message', ({ data }) => {
  if (data === 'abort') port.postMessage('abort')
})
