import { DasllamaError, Model, type Speculation } from '../../index.js'
import { isA } from '../../read-list.js'
import type { ServedSpeculation } from '../options.js'

/** How tokens of a served model are guessed. */
export interface LoadedSpeculation {
  readonly speculation: Speculation
  /** Disposes a draft model that the server has loaded. */
  close(): Promise<void>
}

/** Loads the draft model of a served model, if it has one. Rejects with what a loader throws, and with `MISMATCH` for one with another vocabulary. */
export async function loadSpeculation(
  served: ServedSpeculation | undefined,
  model: Model,
): Promise<LoadedSpeculation> {
  if (typeof served !== 'object') return { speculation: served ?? 'none', close: async () => {} }
  const isOwned = typeof served.draft === 'function'
  const draft = typeof served.draft === 'function' ? await served.draft() : served.draft
  if (!isA<Model>(Model as never, draft))
    throw new TypeError('the loader of the draft model did not return a model')
  const close = async () => {
    if (isOwned) await draft.dispose()
  }
  try {
    await checkDraft(model, draft)
    return { speculation: { draft }, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** So that a draft model that does not fit fails when it is loaded, and not in each request. */
async function checkDraft(model: Model, draft: Model): Promise<void> {
  if (model.kind === 'encoder') {
    throw new DasllamaError('UNSUPPORTED', 'an encoder writes nothing, so it has no draft model')
  }
  await using session = model.createSession()
  await session.generate([0], { maxTokens: 0, speculation: { draft } }).result()
}
