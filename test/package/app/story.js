import { loadModel } from 'dasllama'

/** The greedy tokens of a story, and what was warned of. */
export async function story(source, options = {}) {
  const warnings = []
  const onWarning = ({ code, hint }) => warnings.push(`${code}: ${hint}`)
  const model = await loadModel(source, { kernels: 'baseline', contextLength: 64, onWarning, ...options })
  const session = model.createSession()
  const { ids } = await session.generate('Once upon a time', { maxTokens: 12 }).result()
  await model.dispose()
  return { ids, warnings }
}

/** What a promise gives, as data: its result, or its error. */
export function outcome(promise) {
  return promise.catch(({ name, code, message, hint }) => ({ error: { name, code, message, hint } }))
}
