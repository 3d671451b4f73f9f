import type { ReplyCounts } from '../service/generating.js'
import type { ReplyPart } from '../service/replies.js'

/** Why a message has ended, in the words of Anthropic's API. */
export interface Stop {
  readonly stop_reason:
    | 'end_turn'
    | 'stop_sequence'
    | 'max_tokens'
    | 'model_context_window_exceeded'
    | 'tool_use'
    | null
  readonly stop_sequence: string | null
}

/** Why the reply has ended; `undefined` if the part is not its last one. */
export function stopOf({ finish, stopText, isContextFull = false }: ReplyPart): Stop | undefined {
  if (finish === undefined) return undefined
  if (finish === 'tool_calls') return { stop_reason: 'tool_use', stop_sequence: null }
  if (finish === 'length') {
    return {
      stop_reason: isContextFull ? 'model_context_window_exceeded' : 'max_tokens',
      stop_sequence: null,
    }
  }
  return stopText === undefined
    ? { stop_reason: 'end_turn', stop_sequence: null }
    : { stop_reason: 'stop_sequence', stop_sequence: stopText }
}

/** Numbers of tokens. Those of the prompt that were in the cache are counted apart. */
export function deltaUsage({
  promptTokens,
  cachedTokens,
  completionTokens,
  reasoningTokens,
}: ReplyCounts): object {
  return {
    input_tokens: promptTokens - cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens,
    output_tokens: completionTokens,
    output_tokens_details: { thinking_tokens: reasoningTokens },
    server_tool_use: null,
  }
}

/** The same for a message. */
export function usage(counts: ReplyCounts): object {
  return {
    ...deltaUsage(counts),
    cache_creation: null,
    inference_geo: null,
    service_tier: 'standard',
    speed: null,
  }
}
