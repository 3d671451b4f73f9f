/** The server of the soak test, in a process of its own: it reports its memory, and ends a thread of the engine when asked to. */
import type { Worker } from 'node:worker_threads'
import { loadModel } from '../../../src/index.js'
import { listen } from '../../../src/platform/node/http-server.js'
import { createHandler } from '../../../src/server/index.js'
import { TINY_STORIES } from '../../support/model-files.js'
import { SOAK_MODEL, type SoakReport } from './jobs.js'

const workers = new Set<Worker>()
process.on('worker', (worker) => {
  workers.add(worker)
  worker.once('exit', () => workers.delete(worker))
})

let records = 0
let open = 0
const handler = createHandler({
  models: {
    tiny: {
      model: () => loadModel(TINY_STORIES, { contextLength: SOAK_MODEL.contextLength, threads: 2 }),
      template: SOAK_MODEL.template,
    },
  },
  maxConcurrent: 64,
  maxQueued: 1000,
  onRequest: () => {
    records++
  },
})
await handler.load('tiny')
const server = await listen(
  async (request) => {
    open++
    try {
      return await handler(request)
    } finally {
      open--
    }
  },
  { host: '127.0.0.1', port: 0 },
)

async function report(): Promise<SoakReport> {
  for (let i = 0; i < 2; i++) {
    globalThis.gc!()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heapUsed, external, records, open, workers: workers.size }
}

process.on('message', async (message) => {
  if (message === 'kill a thread') {
    const [worker] = workers
    await worker.terminate()
  }
  process.send!(await report())
})
process.on('disconnect', () => process.exit(0))
process.send!({ port: Number(new URL(server.url).port) })
