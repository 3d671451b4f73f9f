import { logprobsOfLogits } from '../sampling/logprobs.js'
import type { TokenId } from '../tokenizer/tokenizer.js'

/** Tokens evaluated at a time: logits are computed for each of them before anyone else has a turn. */
const BATCH = 32

/** What scoring needs of a session. */
export interface ScoreHost {
  /** The logits after what has been evaluated before; `undefined` where nothing has. */
  readonly logits: Float32Array | undefined
  /** Appends a batch, and hands over the logits after each of its tokens, which hold until the next are asked for. */
  evaluate(batch: readonly TokenId[], logitsAfter: (take: (index: number) => Float32Array) => void): void
  /** Lets others have a turn; rejects when the call is aborted. */
  pause(): Promise<void>
}

/**
 * Appends `ids` to a session and finds the log-probability of each of them after those before it, from number `from` on:
 * NaN for those before, and for the first one where nothing precedes it.
 */
export async function scoreTokens(
  ids: readonly TokenId[],
  from: number,
  host: ScoreHost,
): Promise<Float64Array> {
  const scores = new Float64Array(ids.length).fill(Number.NaN)
  const score = (index: number, logits: Float32Array) => {
    if (index >= from && index < ids.length) scores[index] = logprobsOfLogits(logits, ids[index], 0).logprob
  }
  if (host.logits) score(0, host.logits)
  for (let first = 0; first < ids.length; first += BATCH) {
    if (first > 0) await host.pause()
    const batch = ids.slice(first, first + BATCH)
    host.evaluate(batch, (logitsAfter) => {
      for (let i = 0; i < batch.length; i++) {
        const next = first + i + 1
        if (next >= from && next < ids.length) score(next, logitsAfter(i))
      }
    })
  }
  return scores
}
