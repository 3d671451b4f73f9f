import type { GeneratedToken, Generation, StopReason } from '../session/generation.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import type { ChatMessage, CutReason } from './message.js'

/** What a reply asks of its chat. */
export interface ReplyHost {
  /** Takes the chat and starts the generation; nothing runs before. */
  begin(): Generation
  /** The generation has ended, however it did: gives the chat free and says what has become of the history. */
  end(generation: Generation): ChatMessage | undefined
}

/**
 * A reply as it is made: `for await (const { id, piece } of reply)`, as a `Generation`. Nothing runs before the first
 * token is asked for. However it ends, what has been said by then is in the chat's history.
 */
export class ChatReply implements AsyncIterable<GeneratedToken> {
  readonly promptIds: readonly TokenId[]
  /** The message that the history has of it, once the reply has ended; none where nothing was said. */
  message: ChatMessage | undefined
  readonly #host: ReplyHost
  #generation: Generation | undefined
  #iterator: AsyncGenerator<GeneratedToken> | undefined

  /** @internal Replies come from `chat.respond`. */
  constructor(promptIds: readonly TokenId[], host: ReplyHost) {
    this.promptIds = promptIds
    this.#host = host
  }

  /** Ids generated so far. */
  get ids(): readonly TokenId[] {
    return this.#generation?.ids ?? []
  }

  /** Text generated so far. */
  get text(): string {
    return this.#generation?.text ?? ''
  }

  /** Set once the reply has ended, unless the engine failed. */
  get stopReason(): StopReason | undefined {
    return this.#generation?.stopReason
  }

  /** With `stopReason` `stop`: the stop string or the token that it was. */
  get stoppedBy(): string | TokenId | undefined {
    return this.#generation?.stoppedBy
  }

  [Symbol.asyncIterator](): AsyncGenerator<GeneratedToken> {
    this.#iterator ??= this.#run()
    return this.#iterator
  }

  async *#run(): AsyncGenerator<GeneratedToken> {
    const generation = this.#host.begin()
    this.#generation = generation
    try {
      // A parser of replies (reasoning, tool calls) stands here, between the generation and the caller.
      yield* generation
    } finally {
      this.message = this.#host.end(generation)
    }
  }
}

/** The assistant's message that a generation amounts to, and here too is a parser's place; none of nothing. */
export function replyMessage(
  { text, stopReason }: Pick<Generation, 'text' | 'stopReason'>,
  ids: readonly TokenId[],
): ChatMessage | undefined {
  const cut: CutReason | undefined = stopReason === 'stop' ? undefined : (stopReason ?? 'error')
  if (cut !== undefined && text === '') return undefined
  const message = { role: 'assistant', content: text, ids } as const
  return cut === undefined ? message : { ...message, cut }
}
