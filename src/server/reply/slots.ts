import type { Call, CallProgress } from '../call.js'
import type { Queue } from '../service/queue.js'

/** One of the requests that may run at the same time, without any text of its client. */
export interface Slot {
  readonly id: number
  readonly is_processing: boolean
  readonly request_id?: string
  readonly model?: string | undefined
  /** `waiting`: for memory. A request has a slot only once its model is loaded. */
  readonly state?: CallProgress['state']
  readonly n_prompt_tokens: number
  readonly n_cached_tokens: number
  readonly n_decoded: number
  readonly tokens_per_second: number
  readonly since_ms: number
}

/** What each slot does now. */
export function slotsOf(queue: Queue<Call>): readonly Slot[] {
  return queue.holders.map((call, id) => {
    if (!call) {
      return {
        ...{ id, is_processing: false, n_prompt_tokens: 0, n_cached_tokens: 0, n_decoded: 0 },
        ...{ tokens_per_second: 0, since_ms: 0 },
      }
    }
    const { model, state, promptTokens, cachedTokens, completionTokens, tokensPerSecond, sinceMs } =
      call.progress
    return {
      ...{ id, is_processing: true, request_id: call.id, model, state },
      n_prompt_tokens: promptTokens,
      n_cached_tokens: cachedTokens,
      n_decoded: completionTokens,
      tokens_per_second: rounded(tokensPerSecond),
      since_ms: Math.round(sinceMs),
    }
  })
}

/** With two decimals. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
