/**
 * How responsive a thread stays while it runs a model: counts timers, messages and frames served meanwhile.
 * Runs in Node, on pages and in workers.
 */

/** Milliseconds between two ticks of a timer, and between two messages of the peer. */
export const TICK_MS = 10

/**
 * @param dasllama the package
 * @param source what `loadModel` takes
 * @param peer another thread: sends `tick` every TICK_MS, and returns `abort` when it receives that.
 *   `{ listen(onMessage), send(message), close() }`
 * @param options the maximum `seconds` and `tokens` of each part, and further options of `loadModel`
 * @returns rows `{ work, ms, tokens, timers, messages, frames, longestMs }`, and the numbers of tokens before and after a
 *   message to the peer that it should abort
 */
export async function measure(dasllama, source, peer, { seconds = 2, tokens = 1e9, ...options } = {}) {
  const model = await dasllama.loadModel(source, options)
  const session = model.createSession({ seed: 1, contextShift: true })
  const served = { timers: 0, messages: 0, frames: 0, longestMs: 0 }
  let controller
  const stop = count(served, peer, () => controller?.abort())

  /** One row: `work` is called with a function that returns whether to continue. */
  const row = async (name, work) => {
    await new Promise((resolve) => setTimeout(resolve, 5 * TICK_MS))
    Object.assign(served, { timers: 0, messages: 0, frames: 0, longestMs: 0 })
    const start = performance.now()
    const done = await work((count) => count < tokens && performance.now() - start < 1000 * seconds)
    return { work: name, ms: performance.now() - start, tokens: done, ...served }
  }

  try {
    const rows = [
      await row('generating', async (goesOn) => {
        let count = 0
        for await (const _ of session.generate('Once upon a time', { temp: 1, ignoreEos: true })) {
          if (!goesOn(++count)) break
        }
        return count
      }),
      await row('reading a prompt', async (goesOn) => {
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
      }),
    ]
    return { threads: model.threads, kernels: model.kernels, rows, abort: await abort() }
  } finally {
    stop()
    peer.close()
    await model.dispose()
  }

  /** Asks the peer for an abort at the fifth token, and counts the tokens that still arrive. */
  async function abort() {
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

/** Counts into `served` until the function that it returns is called. */
function count(served, peer, onAbort) {
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    served.timers++
    served.longestMs = Math.max(served.longestMs, now - last)
    last = now
  }, TICK_MS)
  peer.listen((message) => {
    if (message === 'abort') onAbort()
    else served.messages++
  })
  let isCounting = true
  const { requestAnimationFrame } = globalThis
  const nextFrame = () => {
    served.frames++
    if (isCounting) requestAnimationFrame(nextFrame)
  }
  if (requestAnimationFrame) requestAnimationFrame(nextFrame)
  return () => {
    isCounting = false
    clearInterval(timer)
  }
}
