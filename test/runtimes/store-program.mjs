/**
 * What a page or a Worker of it does with a store: pulls a model until a piece has arrived, pulls it to its end after a reload, and
 * loads it. `hub`: the hub's address.
 */

import { openStore } from '../../dist/hub.js'
import { loadModel } from '../../dist/index.js'

export const NAME = 'hf:someone/stories/tiny.gguf'

export async function open(hub) {
  return openStore({ hub: { baseUrl: hub } })
}

/** Resolves when a piece is stored, while others are still on their way; the download goes on. */
export async function pullAPiece(hub) {
  const store = await open(hub)
  const running = store.pull(NAME)
  running.catch(() => {})
  for (;;) {
    const [model] = await store.list()
    if (model?.loaded > 0) return describe(model)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Pulls the model to its end. */
export async function pullAll(hub) {
  const store = await open(hub)
  const warnings = []
  const before = await store.list()
  const onWarning = ({ code }) => {
    warnings.push(code)
    globalThis.lastWarning = code
  }
  const model = await store.pull(NAME, { onWarning })
  return { before: before.map(describe), model: describe(model), warnings, location: store.location }
}

/** Generates a text with the stored model. `worker`: see `loadModel`. */
export async function tell(hub, worker) {
  const store = await open(hub)
  const from = new Set()
  const model = await loadModel(NAME, {
    store,
    worker,
    threads: 1,
    kernels: 'baseline',
    onProgress: (event) => from.add(event.from),
  })
  const session = model.createSession({ seed: 7 })
  const { text } = await session.generate('Once upon a time', { maxTokens: 12 }).result()
  await model.dispose()
  return { text, from: [...from] }
}

export async function removeAll(hub) {
  const store = await open(hub)
  for (const { name } of await store.list()) await store.remove(name)
  return (await store.list()).length
}

function describe({ isComplete, isVerified, loaded }) {
  return { isComplete, isVerified, loaded }
}
