/**
 * What every runtime does with the built package; the tokens must be the same.
 * `dasllama` is the package, `source` a source that the runtime can pass to `loadModel`.
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
    embedded: await embed(dasllama, model),
  }
  model.dispose()
  return result
}

/** The first values of a text's vector, and the hash of all bits of three, one of which fills the context. */
async function embed(dasllama, model) {
  const texts = ['Once upon a time', 'A dog ran.', 'Lily '.repeat(60)]
  const vectors = await dasllama.embed(model, texts, { truncate: 'end' })
  const bits = new Uint8Array(await new Blob(vectors).arrayBuffer())
  return { first: [...vectors[0].slice(0, 4)], sha256: await sha256(bits) }
}

/** The hash of a session's bytes, and how a session continues that restores them. */
async function save(model) {
  const options = { temp: 1, topK: 40, penalty: 1.1, maxTokens: 12 }
  const session = model.createSession({ seed: 7 })
  for await (const _ of session.generate('Once upon a time', options)) {
  }
  const state = await session.save()
  session.dispose()
  const other = model.createSession()
  await other.restore(state)
  const generation = other.generate(undefined, options)
  for await (const _ of generation) {
  }
  return { bytes: state.length, sha256: await sha256(state), ids: generation.ids }
}

async function sha256(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
