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
  const from = new Set()
  const text = await generate({
    store: await open(hub),
    worker,
    onProgress: (event) => from.add(event.from),
    onWarning: ({ code }) => {
      globalThis.lastWarning = code
    },
  })
  return { text, from: [...from] }
}

/** Generates a text where nothing can be stored: the text, the warnings with their hints, and the code of a store's error. */
export async function tellUnkept(hub) {
  const warnings = []
  const onWarning = ({ code, hint }) => warnings.push(code, hint)
  const text = await generate({ hub: { baseUrl: hub }, onWarning })
  return [text, ...warnings, (await openStore().catch((error) => error)).code]
}

async function generate(options) {
  const model = await loadModel(NAME, { threads: 1, kernels: 'baseline', ...options })
  const session = model.createSession({ seed: 7 })
  const { text } = await session.generate('Once upon a time', { maxTokens: 12 }).result()
  await model.dispose()
  return text
}

export async function removeAll(hub) {
  const store = await open(hub)
  for (const { name } of await store.list()) await store.remove(name)
  return (await store.list()).length
}

/** Why the model cannot be pulled: code, message and hint. */
export async function failureOf(hub) {
  const store = await open(hub)
  const { code, message, hint } = await store.pull(NAME, { retries: 1 }).then(
    () => ({ code: 'none' }),
    (error) => error,
  )
  return `${code}: ${message}; ${hint}`
}

/** Bytes that are stored so far. */
export async function arrived(hub) {
  const store = await open(hub)
  return (await store.list())[0]?.loaded ?? 0
}

/** Damages the first piece of the stored model, as a crash or another program could: `how` is `cut` or `changed`. */
export async function harm(how) {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle('dasllama')
  for await (const [name, handle] of folder.entries()) {
    if (!name.includes('~0~')) continue
    const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer())
    bytes[bytes.length - 60] ^= 1
    const file = await handle.createWritable()
    await file.write(how === 'cut' ? bytes.subarray(0, -9) : bytes)
    await file.close()
  }
}

function describe({ isComplete, isVerified, loaded }) {
  return { isComplete, isVerified, loaded }
}
