import { outcome, story } from './story.js'

globalThis.onPage = outcome(story('/model.gguf'))

globalThis.inWorker = new Promise((resolve) => {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }) => resolve(data)
  worker.onerror = ({ message }) => resolve({ error: { message: message ?? 'the Worker cannot be loaded' } })
})
