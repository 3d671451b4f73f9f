import { DasllamaError, Model, type Speculation } from '../../index.js'
import { isA } from '../../read-list.js'
import type { ServedSpeculation } from '../options.js'

/** How tokens of a served model are guessed. */
export interface LoadedSpeculation {
  readonly speculation: Speculation
  /** Disposes a draft model that the server has loaded. */
  close(): Promise<void>
}

/**
 * Loads the draft model of a served model, if it has one. Rejects with what a loader throws, with `MISMATCH` for one with another
 * vocabulary, and with `UNSUPPORTED` for `mtp` and a model without its draft head.
 */
export async function loadSpeculation(
  served: ServedSpeculation | undefined,
  model: Model,
): Promise<LoadedSpeculation> {
  if (typeof served !== 'object') {
    const speculation = served ?? 'none'
    if (speculation === 'mtp') await check(model, speculation)
    return { speculation, close: async () => {} }
  }
  const isOwned = typeof served.draft === 'function'
  const draft = typeof served.draft === 'function' ? await served.draft() : served.draft
  if (!isA<Model>(Model as never, draft))
    throw new TypeError('the loader of the draft model did not return a model')
  const close = async () => {
    if (isOwned) await draft.dispose()
  }
  try {
    await check(model, { draft })
    return { speculation: { draft }, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** So that what cannot draft for a model fails when it is loaded, and not in each request. */
async function check(model: Model, speculation: Speculation): Promise<void> {
  if (model.kind === 'encoder') {
    throw new DasllamaError('UNSUPPORTED', 'an encoder writes nothing, so nothing drafts for it')
  }
  await using session = model.createSession()
  await session.generate([0], { maxTokens: 0, speculation }).result()
}
