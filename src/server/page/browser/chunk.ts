/** A chunk of a streamed reply, as far as the page shows it. */
export interface Chunk {
  readonly reasoning: string
  readonly content: string
  readonly calls: readonly CallChunk[]
  readonly finish: string | undefined
  readonly usage: Usage | undefined
}

/** A piece of a tool call. */
export interface CallChunk {
  readonly index: number
  readonly name: string
  readonly argumentsText: string
}

export interface Usage {
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly completionTokens: number
}

interface ApiChunk {
  readonly choices?: readonly {
    readonly delta?: {
      readonly content?: string | null
      readonly reasoning_content?: string | null
      readonly tool_calls?: readonly {
        readonly index?: number
        readonly function?: { readonly name?: string; readonly arguments?: string }
      }[]
    }
    readonly finish_reason?: string | null
  }[]
  readonly usage?: {
    readonly prompt_tokens?: number
    readonly completion_tokens?: number
    readonly prompt_tokens_details?: { readonly cached_tokens?: number }
  } | null
}

/** Reads the data of an event of the chat endpoint, of its first choice. */
export function readChunk(json: unknown): Chunk {
  const { choices = [], usage } = json as ApiChunk
  const { delta = {}, finish_reason } = choices[0] ?? {}
  return {
    reasoning: delta.reasoning_content ?? '',
    content: delta.content ?? '',
    calls: (delta.tool_calls ?? []).map(({ index = 0, function: called = {} }) => {
      return { index, name: called.name ?? '', argumentsText: called.arguments ?? '' }
    }),
    finish: finish_reason ?? undefined,
    usage: usage
      ? {
          promptTokens: usage.prompt_tokens ?? 0,
          cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
          completionTokens: usage.completion_tokens ?? 0,
        }
      : undefined,
  }
}
