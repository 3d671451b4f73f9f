/**
 * How responsive a thread stays while it uses a model: counts timers, messages and frames that are served meanwhile, and
 * times the longest task and the longest answer to a message. Runs in Node, on pages and in workers.
 */
import { TICK_MS } from './peer.mjs'

/**
 * @param dasllama the package
 * @param source what `loadModel` takes
 * @param peer another thread, see peer.mjs: `{ listen(onMessage), send(message), close() }`
 * @param options the maximum `seconds` and `tokens` of each part, and further options of `loadModel`
 * @returns rows `{ work, ms, tokens, timers, messages, frames, longestGapMs, longestTaskMs, longestAnswerMs }`, and the
 *   number of tokens before and after a message to the peer that it should abort. `longestTaskMs` is 0 if no task took 50 ms,
 *   and undefined if the runtime does not report tasks.
 */
export async function measure(dasllama, source, peer, { seconds = 2, tokens = 1e9, ...options } = {}) {
  const served = new Served(peer, () => controller?.abort())
  let controller
  let model

  /** One row: `work` is called with a function that returns whether to continue. */
  const row = async (name, work) => {
    await served.settle()
    served.reset()
    const start = performance.now()
    const done = await work((count) => count < tokens && performance.now() - start < 1000 * seconds)
    const ms = performance.now() - start
    const { timers, messages, frames } = served
    await served.settle()
    const { longestGapMs, longestTaskMs, longestAnswerMs } = served
    return {
      work: name,
      ms,
      tokens: done,
      timers,
      messages,
      frames,
      longestGapMs,
      longestTaskMs,
      longestAnswerMs,
    }
  }

  try {
    await served.ready
    const loading = await row('loading', async () => {
      model = await dasllama.loadModel(source, options)
      return 0
    })
    const session = model.createSession({ seed: 1, contextShift: true })
    const generating = await row('generating', async (goesOn) => {
      let count = 0
      for await (const _ of session.generate('Once upon a time', { temp: 1, ignoreEos: true })) {
        if (!goesOn(++count)) break
      }
      return count
    })
    const reading = await row('reading a prompt', async (goesOn) => {
      const length = Math.min(model.contextLength - 1, 1000)
      const ids = Array.from({ length }, (_, i) => (i * 31) % model.tokenizer.vocabSize)
      let count = 0
      do {
        await session.reset()
        controller = new AbortController()
        // The long prompt of a large model is aborted when the time is over.
        const timer = setTimeout(() => controller.abort(), 1000 * seconds)
        await session.eval(ids, { signal: controller.signal }).catch((error) => {
          if (!controller.signal.aborted) throw error
        })
        clearTimeout(timer)
        count += session.position
      } while (goesOn(count))
      return count
    })
    const { threads, kernels } = model
    return { threads, kernels, rows: [loading, generating, reading], abort: await abort(session) }
  } finally {
    served.stop()
    peer.close()
    await model?.dispose()
  }

  /** Asks the peer for an abort at the fifth token, and counts the tokens that still arrive. */
  async function abort(session) {
    await session.reset()
    controller = new AbortController()
    const { signal } = controller
    const generation = session.generate('Once upon a time', {
      temp: 1,
      ignoreEos: true,
      maxTokens: 1000,
      signal,
    })
    for await (const _ of generation) if (generation.ids.length === 5) peer.send('abort')
    return { stopReason: generation.stopReason, tokens: generation.ids.length }
  }
}

/** What this thread serves, until it is told to stop. */
class Served {
  #tasks
  #timer
  #isCounting = true

  constructor(peer, onAbort) {
    this.reset()
    let last = performance.now()
    this.#timer = setInterval(() => {
      const now = performance.now()
      this.timers++
      this.longestGapMs = Math.max(this.longestGapMs, now - last)
      last = now
    }, TICK_MS)
    /** Resolves when the peer has started. */
    this.ready = new Promise((resolve) => {
      peer.listen((message) => {
        if (message === 'abort') return onAbort()
        peer.send({ answerTo: message.sentAt })
        this.messages++
        this.longestAnswerMs = Math.max(this.longestAnswerMs, message.longestAnswerMs)
        resolve()
      })
    })
    const { requestAnimationFrame, PerformanceObserver } = globalThis
    const nextFrame = () => {
      this.frames++
      if (this.#isCounting) requestAnimationFrame(nextFrame)
    }
    if (requestAnimationFrame) requestAnimationFrame(nextFrame)
    if (PerformanceObserver?.supportedEntryTypes?.includes('longtask')) {
      this.#tasks = new PerformanceObserver((list) => this.#takeTasks(list.getEntries()))
      this.#tasks.observe({ type: 'longtask' })
    }
  }

  reset() {
    this.#tasks?.takeRecords()
    Object.assign(this, { timers: 0, messages: 0, frames: 0, longestGapMs: 0, longestAnswerMs: 0 })
    this.longestTaskMs = this.#tasks && 0
  }

  /** What has been going on is reported a little later, by the peer and by the observer of tasks. */
  async settle() {
    await new Promise((resolve) => setTimeout(resolve, 5 * TICK_MS))
    if (this.#tasks) this.#takeTasks(this.#tasks.takeRecords())
  }

  stop() {
    this.#isCounting = false
    clearInterval(this.#timer)
    this.#tasks?.disconnect()
  }

  #takeTasks(entries) {
    for (const { duration } of entries) this.longestTaskMs = Math.max(this.longestTaskMs, duration)
  }
}
