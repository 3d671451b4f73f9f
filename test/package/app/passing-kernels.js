import { outcome, story } from './story.js'

const load = async () =>
  story('/model.gguf', { kernels: await (await fetch('/passed/kernels.wasm')).arrayBuffer(), worker: false })

globalThis.onPage = outcome(story('/model.gguf', { worker: false }))
globalThis.withKernels = outcome(load())
