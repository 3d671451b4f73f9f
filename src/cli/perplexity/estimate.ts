import { DasllamaError, type Model } from '../../index.js'
import { counted } from '../output/table.js'

/** The perplexity of the tokens scored so far. */
export interface Estimate {
  /** exp of the mean negative log-likelihood per token. */
  readonly perplexity: number
  /** The standard error of the perplexity. */
  readonly error: number
  /** Tokens scored. */
  readonly scored: number
}

export interface PerplexityOptions {
  /** Tokens per chunk. */
  readonly context: number
  /** Maximum number of chunks. Default all. */
  readonly chunks?: number
  readonly signal?: AbortSignal
}

/** A text split into chunks as in `llama-perplexity`. */
export interface Chunks {
  /** Tokens of the text, including the begin-of-text token. */
  readonly tokens: number
  readonly count: number
  /** The tokens of a chunk; the first one is begin-of-text if the model wants it. */
  chunk(index: number): number[]
}

/**
 * Splits a text into chunks of `context` tokens and drops the remainder, as llama.cpp does. Throws `INVALID_ARGUMENT` for
 * a text with fewer than two chunks.
 */
export function chunksOf(model: Model, text: string, { context, chunks }: PerplexityOptions): Chunks {
  const bos = beginOfText(model)
  const ids = model.encode(text, { addSpecial: false })
  if (bos !== undefined) ids.unshift(bos)
  if (ids.length < 2 * context) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `the text has ${counted(ids.length, 'token')}, but chunks of ${context} need at least ${2 * context}`,
      { hint: 'use a longer text or a smaller --context' },
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

/** The token that encoding puts at the beginning of every text, if any. */
function beginOfText({ tokenizer }: Model): number | undefined {
  const { bosId } = tokenizer
  return tokenizer.encode('')[0] === bosId ? bosId : undefined
}

/**
 * Scores the chunks independently, and only the second half of each, so that every scored token has some context. Yields
 * the estimate after each chunk.
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
