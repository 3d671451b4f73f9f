/**
 * What every runtime is asked to do with the built package: the same tokens must come out.
 * `dasllama` is the package, `source` whatever the runtime can give `loadModel`.
 */
export async function tell(dasllama, source, threads = 'auto') {
  const model = await dasllama.loadModel(source, { contextLength: 64, kernels: 'baseline', threads })
  const generate = async (options) => {
    const session = model.createSession({ seed: 7 })
    const generation = session.generate('Once upon a time', { maxTokens: 24, ...options })
    let streamed = ''
    for await (const { piece } of generation) streamed += piece
    session.dispose()
    const { promptIds, ids, text, stopReason } = generation
    return { promptIds, ids, text, streamed, stopReason }
  }
  const result = {
    greedy: await generate({}),
    sampled: await generate({ temp: 1, topK: 40, penalty: 1.1 }),
    saved: await save(model),
  }
  model.dispose()
  return result
}

/** A session's bytes, as their hash, and how a session that takes them goes on. */
async function save(model) {
  const options = { temp: 1, topK: 40, penalty: 1.1, maxTokens: 12 }
  const session = model.createSession({ seed: 7 })
  for await (const _ of session.generate('Once upon a time', options)) {
  }
  const state = session.save()
  session.dispose()
  const other = model.createSession()
  other.restore(state)
  const generation = other.generate(undefined, options)
  for await (const _ of generation) {
  }
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', state))
  const sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return { bytes: state.length, sha256, ids: generation.ids }
}
