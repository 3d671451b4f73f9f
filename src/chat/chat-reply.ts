import type { GeneratedToken, StopReason } from '../session/generation.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import type { ChatMessage, CutReason } from './message.js'
import type { ReplyGeneration } from './reply/budget.js'
import type { ParsedToolCall, ReplyEvent } from './reply/events.js'
import type { ReplyParser } from './reply/parser.js'

/** What a reply asks of its chat. */
export interface ReplyHost {
  /** Takes the chat and starts the generation; nothing runs before. */
  begin(): ReplyGeneration
  /** The generation has ended, however it did: gives the chat free and says what has become of the history. */
  end(generation: ReplyGeneration, parts: ReplyParts): ChatMessage | undefined
}

/** What a reply is made of. */
export interface ReplyParts {
  /** What the model thought. */
  readonly reasoning: string
  /** What it says, calls that are malformed included as they stand. */
  readonly content: string
  readonly toolCalls: readonly ParsedToolCall[]
}

/**
 * A reply as it is made: `for await (const { id, piece } of reply)`, as a `Generation`, or its parts:
 * `for await (const event of reply.events())`. Nothing runs before the first token or event is asked for. However it
 * ends, what has been said by then is in the chat's history.
 */
export class ChatReply implements AsyncIterable<GeneratedToken>, ReplyParts {
  readonly promptIds: readonly TokenId[]
  /** What the model has thought so far; white space next to the markers is left out. */
  reasoning = ''
  /** What it has said so far. */
  content = ''
  /** Whole calls so far. */
  readonly toolCalls: ParsedToolCall[] = []
  /** The message that the history has of it, once the reply has ended; none where nothing was said. */
  message: ChatMessage | undefined
  readonly #parser: ReplyParser
  readonly #tokenizer: Tokenizer
  readonly #host: ReplyHost
  #generation: ReplyGeneration | undefined
  #iterator: AsyncGenerator<GeneratedToken> | undefined
  /** Events that nobody has asked for yet; kept only where somebody asks. */
  #events: ReplyEvent[] | undefined

  /** @internal Replies come from `chat.respond`. */
  constructor(promptIds: readonly TokenId[], parser: ReplyParser, tokenizer: Tokenizer, host: ReplyHost) {
    this.promptIds = promptIds
    this.#parser = parser
    this.#tokenizer = tokenizer
    this.#host = host
  }

  /** Ids generated so far. */
  get ids(): readonly TokenId[] {
    return this.#generation?.ids ?? []
  }

  /** Text generated so far: all of it, markers included. */
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

  /** As that of `Generation`: with a `responseFormat`, whether what follows the thoughts is whole by it. */
  get isComplete(): boolean {
    return this.#generation?.isComplete ?? false
  }

  [Symbol.asyncIterator](): AsyncGenerator<GeneratedToken> {
    this.#iterator ??= this.#run()
    return this.#iterator
  }

  /** The parts as they are settled, from now on. Leaving the loop ends the reply. */
  async *events(): AsyncGenerator<ReplyEvent> {
    const events: ReplyEvent[] = []
    this.#events = events
    for await (const _ of this) yield* events.splice(0)
    yield* events
  }

  async *#run(): AsyncGenerator<GeneratedToken> {
    const generation = this.#host.begin()
    this.#generation = generation
    try {
      for await (const token of generation) {
        const isControl = this.#tokenizer.isControl(token.id)
        this.#take(this.#parser.push({ id: token.id, piece: token.piece, isControl }))
        yield token
      }
    } finally {
      this.#take(this.#parser.end(generation.stopReason))
      this.message = this.#host.end(generation, this)
    }
  }

  #take(events: readonly ReplyEvent[]): void {
    for (const event of events) {
      if (event.type === 'reasoning') this.reasoning += event.text
      else if (event.type === 'tool-call') this.toolCalls.push(event.call)
      else if (event.type === 'content') this.content += event.text
      else if (event.type === 'malformed-tool-call') this.content = joined(this.content, event.text)
    }
    this.#events?.push(...events)
  }
}

/** A call that is text, behind the text before it. */
function joined(before: string, text: string): string {
  return before + (/\S$/.test(before) ? '\n' : '') + text
}

/** The assistant's message that a reply amounts to; none of nothing. */
export function replyMessage(
  { text, stopReason }: Pick<ReplyGeneration, 'text' | 'stopReason'>,
  { content, reasoning, toolCalls }: ReplyParts,
  ids: readonly TokenId[],
): ChatMessage | undefined {
  const cut: CutReason | undefined = stopReason === 'stop' ? undefined : (stopReason ?? 'error')
  if (cut !== undefined && text === '') return undefined
  return {
    role: 'assistant',
    content,
    ...(reasoning !== '' && { reasoning }),
    ...(toolCalls.length > 0 && {
      toolCalls: toolCalls.map(({ id, name, arguments: args }) => ({ id, name, arguments: args })),
    }),
    ids,
    ...(cut !== undefined && { cut }),
  }
}
