import { DasllamaError, type Model } from '../../index.js'
import { counted } from '../output/table.js'

/** The perplexity of what has been scored so far. */
export interface Estimate {
  /** e to the mean surprise per token. */
  readonly perplexity: number
  /** The standard error of the perplexity. */
  readonly error: number
  /** Tokens scored. */
  readonly scored: number
}

export interface PerplexityOptions {
  /** Tokens of a chunk. */
  readonly context: number
  /** Most chunks. Default all. */
  readonly chunks?: number
  readonly signal?: AbortSignal
}

/** A text as chunks: what `llama-perplexity` makes of it. */
export interface Chunks {
  /** Tokens of the text, the begin-of-text token included. */
  readonly tokens: number
  readonly count: number
  /** The tokens of a chunk; the first one is begin-of-text where the model wants it. */
  chunk(index: number): number[]
}

/**
 * Cuts a text into chunks of `context` tokens, what is left at the end not counted, as llama.cpp does. Throws
 * `INVALID_ARGUMENT` for a text with fewer than two.
 */
export function chunksOf(model: Model, text: string, { context, chunks }: PerplexityOptions): Chunks {
  const bos = beginOfText(model)
  const ids = model.encode(text, { addSpecial: false })
  if (bos !== undefined) ids.unshift(bos)
  if (ids.length < 2 * context) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `the text has ${counted(ids.length, 'token')}, and chunks of ${context} need at least ${2 * context}`,
      { hint: 'take a longer text, or a smaller --context' },
    )
  }
  const all = Math.floor(ids.length / context)
  return {
    tokens: ids.length,
    count: Math.min(all, chunks ?? all),
    chunk(index) {
      const chunk = ids.slice(index * context, (index + 1) * context)
      if (bos !== undefined) chunk[0] = bos
      return chunk
    },
  }
}

/** The token that the model wants at the beginning of every text: the one that encoding puts there. */
function beginOfText({ tokenizer }: Model): number | undefined {
  const { bosId } = tokenizer
  return tokenizer.encode('')[0] === bosId ? bosId : undefined
}

/**
 * Scores a text chunk by chunk, each on its own and only its second half, so that every token that counts has some
 * context before it; yields the estimate after each chunk.
 */
export async function* perplexity(
  model: Model,
  chunks: Chunks,
  { context, signal }: PerplexityOptions,
): AsyncGenerator<Estimate> {
  const session = model.createSession({ contextLength: context })
  try {
    const first = (context >> 1) + 1
    let scored = 0
    let sum = 0
    let squares = 0
    for (let index = 0; index < chunks.count; index++) {
      await session.reset()
      const scores = await session.score(chunks.chunk(index), { from: first, signal })
      for (const score of scores.subarray(first)) {
        sum -= score
        squares += score * score
        scored++
      }
      const mean = sum / scored
      const variance = squares / scored - mean * mean
      const estimate = Math.exp(mean)
      const error = scored > 1 ? Math.sqrt(Math.max(0, variance) / (scored - 1)) : Number.NaN
      yield { perplexity: estimate, error: estimate * error, scored }
    }
  } finally {
    await session.dispose()
  }
}
