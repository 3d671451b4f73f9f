import { DasllamaError, Model } from '../index.js'
import { isA } from '../read-list.js'

/** A model, or a function that loads it when it is first asked for. */
export type ModelOrLoader = Model | (() => Model | Promise<Model>)

export function isModelOrLoader(value: unknown): value is ModelOrLoader {
  return typeof value === 'function' || isA<Model>(Model as never, value)
}

/** The model. Rejects with what the loader throws, and `INVALID_ARGUMENT` if that does not return a model. */
export async function loadedModel(source: ModelOrLoader): Promise<Model> {
  const model: unknown = typeof source === 'function' ? await source() : source
  if (isA<Model>(Model as never, model)) return model
  throw new DasllamaError('INVALID_ARGUMENT', 'the loader did not return a model', {
    hint: 'for example () => loadModel(…)',
  })
}
