/**
 * What every runtime is asked to do with the built package: the same tokens must come out.
 * `dasllama` is the package, `source` whatever the runtime can give `loadModel`.
 */
export async function tell(dasllama, source) {
  const model = await dasllama.loadModel(source, { contextLength: 64 })
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
  }
  model.dispose()
  return result
}
