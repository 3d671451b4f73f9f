import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'

/** A whole text for an encoder. */
export interface Text {
  /** A token per position, at least one. */
  readonly ids: ArrayLike<number>
  /** Positions whose hidden states are returned, ascending. */
  readonly outputs: readonly number[]
  /** Checked at every pause. Once aborted, the text rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** Throws `INVALID_ARGUMENT` for a text that is empty or has ids outside of the vocabulary, and for outputs outside of it. */
export function checkText({ ids, outputs, signal }: Text, vocabSize: number): void {
  if (!(ids.length >= 1)) throw invalid('it has no tokens')
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]
    if (Number.isInteger(id) && id >= 0 && id < vocabSize) continue
    throw invalid(`token ${row}: ${describeValue(id)} is not in the vocabulary (0 to ${vocabSize - 1})`)
  }
  let last = -1
  for (const row of outputs) {
    if (!(Number.isInteger(row) && row > last && row < ids.length)) {
      throw invalid(
        `output ${describeValue(row)}; positions 0 to ${ids.length - 1} in ascending order are possible`,
      )
    }
    last = row
  }
  signal?.throwIfAborted()
}

/** Throws `INVALID_ARGUMENT` unless `vectors` are whole hidden states for a model that has something after pooling. */
export function checkPooled(
  vectors: Float32Array,
  { embeddingLength, pooledWidth }: { embeddingLength: number; pooledWidth: number | undefined },
): void {
  if (pooledWidth === undefined) {
    throw new DasllamaError('INVALID_ARGUMENT', 'the model has nothing that follows pooling')
  }
  if (vectors.length > 0 && vectors.length % embeddingLength === 0) return
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `${vectors.length} values are not pooled hidden states of ${embeddingLength} values`,
  )
}

/** An encoder is asked for what only causal models do, or the other way round. */
export function wrongKind(isEncoder: boolean): DasllamaError {
  return new DasllamaError(
    'INVALID_ARGUMENT',
    isEncoder ? 'an encoder runs whole texts, not batches' : 'only encoders run whole texts',
  )
}

function invalid(what: string): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', `the text is invalid: ${what}`)
}
