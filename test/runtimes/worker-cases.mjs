/**
 * What a page does with models whose engine is in a Worker. The address says which case: `/case/NAME?dist=…`, where `dist`
 * is the package. The page posts the result, or why there is none: `{ name, result }` or `{ name, error }`.
 */

const MODEL = '/models/tiny-stories.Q8_0.gguf'
const PROMPT = 'Once upon a time'

/** What reached the page's own handlers, which is nothing that the package lets happen. */
const uncaught = []
addEventListener('error', ({ message }) => uncaught.push(`error: ${message}`))
addEventListener('unhandledrejection', ({ reason }) => uncaught.push(`unhandled: ${reason}`))

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const errorOf = (promise) =>
  promise.then(
    () => ({ code: 'none' }),
    ({ name, code, message, hint }) => ({ name, code, message, hint }),
  )

/** The Workers that the page has started, how each can end, and the kinds of sources that were posted to them. */
const workers = []
const posted = []

/** Wraps the page's Workers: their script is run by one that can end itself. */
function wrapWorkers() {
  const RealWorker = globalThis.Worker
  globalThis.Worker = class extends RealWorker {
    constructor(url, options) {
      const script = `
        import ${JSON.stringify(String(url))}
        addEventListener('message', ({ data }) => {
          if (data === 'close') close()
          if (data === 'throw') setTimeout(() => { throw new Error('thrown in the Worker') })
        })`
      super(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })), options)
      workers.push(this)
    }
    postMessage(message, ...rest) {
      if (message?.name === 'open') posted.push(message.body.source.kind)
      super.postMessage(message, ...rest)
    }
  }
}

const ways = {
  terminate: (worker) => worker.terminate(),
  close: (worker) => worker.postMessage('close'),
  throw: (worker) => worker.postMessage('throw'),
}

async function storyOf(model) {
  const session = model.createSession({ seed: 7 })
  const { ids } = await session.generate(PROMPT, { maxTokens: 12 }).result()
  await session.dispose()
  return ids
}

/** Ends a Worker while it generates, or between two calls, and says what remains. */
async function end({ loadModel }, way, options = {}, isBetween = false) {
  const model = await loadModel(MODEL, options)
  const worker = workers.at(-1)
  const session = model.createSession({ seed: 7 })
  const ids = []
  let endedAt
  const endNow = () => {
    endedAt = performance.now()
    ways[way](worker)
  }
  let error
  if (isBetween) {
    await session.eval(model.encode(PROMPT))
    endNow()
    // What is thrown in a Worker ends it only once it has reached the page.
    if (way === 'throw') await sleep(200)
    error = await errorOf(session.eval([1]))
  } else {
    const generation = session.generate(PROMPT, { maxTokens: 400 })
    const reading = (async () => {
      for await (const { id } of generation) {
        if (id !== undefined) ids.push(id)
        if (ids.length === 3) endNow()
      }
    })()
    error = await errorOf(reading)
  }
  const milliseconds = performance.now() - endedAt
  const { position, ids: known } = session
  await model.dispose()
  const again = await loadModel(MODEL, options)
  const story = await storyOf(again)
  await again.dispose()
  return { error, milliseconds, position, known, ids, story }
}

const cases = {
  /** The Worker cannot be started. */
  async refused({ loadModel }) {
    const warnings = []
    const model = await loadModel(MODEL, { onWarning: (warning) => warnings.push(warning) })
    const story = await storyOf(model)
    await model.dispose()
    return { warnings, story, asked: await errorOf(loadModel(MODEL, { worker: true })) }
  },

  /** The Worker can be started. */
  async allowed({ loadModel }) {
    const warnings = []
    const model = await loadModel(MODEL, { onWarning: (warning) => warnings.push(warning) })
    const story = await storyOf(model)
    await model.dispose()
    return { story, warnings }
  },

  /** The script of the Worker never comes. */
  async hanging({ loadModel }) {
    const load = (worker) => errorOf(loadModel(MODEL, { worker, signal: AbortSignal.timeout(300) }))
    return { byDefault: await load(undefined), asked: await load(true) }
  },

  /** The Worker ends. */
  async ended(dasllama) {
    wrapWorkers()
    const result = {}
    for (const way of Object.keys(ways)) {
      result[way] = await end(dasllama, way)
      result[`${way}, with two threads`] = await end(dasllama, way, { threads: 2 })
      result[`${way}, between calls`] = await end(dasllama, way, {}, true)
    }
    return result
  },

  /** The same where there are no locks; intervals pass ten times as fast. */
  async insecure(dasllama) {
    wrapWorkers()
    const { setInterval } = globalThis
    globalThis.setInterval = (call, milliseconds) => setInterval(call, milliseconds / 10)
    return { isSecure: isSecureContext, hasLocks: !!navigator.locks, ...(await end(dasllama, 'close')) }
  },

  /** Every source that can be posted. */
  async sources({ loadModel }) {
    wrapWorkers()
    const bytes = await (await fetch(MODEL)).blob()
    const folder = await navigator.storage.getDirectory()
    const handle = await folder.getFileHandle('model.gguf', { create: true })
    const file = await handle.createWritable()
    await file.write(bytes)
    await file.close()
    const input = document.createElement('input')
    input.type = 'file'
    const chosen = new DataTransfer()
    chosen.items.add(new File([bytes], 'chosen.gguf'))
    input.files = chosen.files
    document.head.append(Object.assign(document.createElement('base'), { href: '/models/' }))
    const sources = {
      handle,
      file: input.files[0],
      blob: bytes,
      blobUrl: URL.createObjectURL(bytes),
      relative: 'tiny-stories.Q8_0.gguf',
    }
    const stories = {}
    for (const [name, source] of Object.entries(sources)) {
      const model = await loadModel(source)
      stories[name] = await storyOf(model)
      await model.dispose()
    }
    await folder.removeEntry('model.gguf')
    return { stories, posted, workers: workers.length }
  },

  /** Twenty models in a row, each with a thread of its Worker. */
  async twenty({ loadModel }) {
    const stories = []
    for (let i = 0; i < 20; i++) {
      const model = await loadModel(MODEL, { threads: 2 })
      stories.push(await storyOf(model))
      await model.dispose()
    }
    return stories
  },

  /** Loads that are aborted at several times. */
  async aborted({ loadModel }) {
    const outcomes = []
    for (const milliseconds of [0, 1, 5, 10, 20, 40, 80, 160, 320]) {
      const controller = new AbortController()
      const loading = loadModel(MODEL, { threads: 2, signal: controller.signal })
      setTimeout(() => controller.abort(), milliseconds)
      outcomes.push(
        await loading.then(
          (model) => model.dispose().then(() => 'loaded'),
          ({ name }) => name,
        ),
      )
    }
    return outcomes
  },

  /** A model that is left loaded. */
  async left({ loadModel }) {
    const model = await loadModel(MODEL, { threads: 2 })
    globalThis.left = model
    return storyOf(model)
  },
}

const name = decodeURIComponent(location.pathname.split('/').at(-1))
const parameters = new URLSearchParams(location.search)
try {
  const dasllama = await import(parameters.get('dist') ?? '/dist/index.js')
  const result = await cases[parameters.get('run') ?? name](dasllama)
  // Late errors.
  await sleep(100)
  await post({ name, result, uncaught })
} catch (error) {
  await post({ name, error: `${error?.stack ?? error}`, uncaught })
}

async function post(outcome) {
  await fetch('/', { method: 'POST', body: JSON.stringify(outcome) })
  // For the page whose frame this may be.
  parent.postMessage('done')
}
