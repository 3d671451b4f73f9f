import { isRecord } from '../../checks.js'
import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import { readOptions } from '../../read-list.js'
import type { DraftModel } from './draft-model.js'

/**
 * How tokens are guessed: not at all, from what the text has had before, by the model's own draft head (multi-token prediction), or
 * by a draft model, a smaller one with the same vocabulary. See `GenerateOptions.speculation`.
 */
export type Speculation = 'none' | 'lookup' | 'mtp' | { readonly draft: DraftModel }

/** Throws `INVALID_ARGUMENT`, and `UNSUPPORTED` for a model that writes nothing. */
export function checkSpeculation(value: unknown): Speculation {
  if (value === 'none' || value === 'lookup' || value === 'mtp') return value
  if (typeof value !== 'object' || value === null) throw invalid(`not ${describeValue(value)}`)
  const { draft, ...others } = readOptions('speculation', value as { draft?: unknown })
  const [other] = Object.keys(others)
  if (other !== undefined) throw invalid(`without ${describeValue(other)}`)
  if (!isDraftModel(draft)) throw invalid('with a model as draft')
  if (draft.kind !== 'encoder') return { draft }
  throw new DasllamaError('UNSUPPORTED', 'speculation.draft is an encoder, which writes nothing', {
    hint: 'use a small model that generates text',
  })
}

function isDraftModel(value: unknown): value is DraftModel {
  try {
    const { tokenizer, contextLength, kind, createSession } = value as Partial<DraftModel>
    return (
      isRecord(tokenizer) &&
      typeof tokenizer.pieceBytes === 'function' &&
      Number.isInteger(contextLength) &&
      typeof kind === 'string' &&
      typeof createSession === 'function'
    )
  } catch {
    return false
  }
}

function invalid(what: string): DasllamaError {
  return new DasllamaError(
    'INVALID_ARGUMENT',
    `speculation must be "none", "lookup", "mtp" or { draft: model }, ${what}`,
    { hint: 'await loadModel(…) gives a model' },
  )
}
