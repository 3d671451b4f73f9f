import type { GeneratedToken, GenerationResult, StopReason, Usage } from '../session/generation.js'
import { SharedRun } from '../session/shared-run.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import type { ChatMessage, CutReason } from './message.js'
import type { ReplyGeneration } from './reply/budget.js'
import type { ParsedToolCall, ReplyEvent } from './reply/events.js'
import type { ReplyParser } from './reply/parser.js'

/** What a reply asks of its chat. */
export interface ReplyHost {
  /** Takes the chat for the reply and starts the generation; nothing runs before. */
  begin(reply: ChatReply): ReplyGeneration
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

/** A reply that has ended. */
export interface ChatResult extends GenerationResult, ReplyParts {
  /** The message that the history has of it; none where nothing was said. */
  readonly message: ChatMessage | undefined
}

/** What a reply is made with. */
interface ReplySource {
  readonly promptIds: readonly TokenId[]
  readonly parser: ReplyParser
  readonly tokenizer: Tokenizer
  readonly host: ReplyHost
}

const NO_USAGE: Usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 }

/**
 * A reply as it is made: `for await (const { id, piece } of reply)`, as a `Generation`, its parts:
 * `for await (const event of reply.events())`, or all of it: `await reply.result()`. Nothing runs before one of them is
 * asked for. However it ends, what has been said by then is in the chat's history.
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
  readonly #run = new SharedRun(this.#generate())
  #generation: ReplyGeneration | undefined
  /** Events that nobody has asked for yet; kept only where somebody asks. */
  #events: ReplyEvent[] | undefined

  private constructor({ promptIds, parser, tokenizer, host }: ReplySource) {
    this.promptIds = promptIds
    this.#parser = parser
    this.#tokenizer = tokenizer
    this.#host = host
  }

  /** @internal Replies come from `chat.respond`. */
  static create(source: ReplySource): ChatReply {
    return new ChatReply(source)
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

  /** What it has cost so far. Tokens of the prompt are counted once it has been evaluated. */
  get usage(): Usage {
    return this.#generation?.usage ?? NO_USAGE
  }

  [Symbol.asyncIterator](): AsyncGenerator<GeneratedToken> {
    return this.#run[Symbol.asyncIterator]()
  }

  /**
   * Runs to the end, whether or not somebody loops over tokens or events: loops see each of them. Rejects with what the
   * reply failed with; an abort is not a failure, but a `stopReason`.
   */
  async result(): Promise<ChatResult> {
    await this.#run.finish()
    const { text, ids, usage, content, reasoning, toolCalls, message } = this
    const stopReason = this.stopReason ?? 'callback'
    return { text, ids, stopReason, usage, content, reasoning, toolCalls, message }
  }

  /** @internal Ends it where it is; resolves when it has ended. */
  end(): Promise<void> {
    return this.#run.end()
  }

  /** The parts as they are settled, from now on. Leaving the loop ends the reply. */
  async *events(): AsyncGenerator<ReplyEvent> {
    const events: ReplyEvent[] = []
    this.#events = events
    for await (const _ of this) yield* events.splice(0)
    yield* events
  }

  async *#generate(): AsyncGenerator<GeneratedToken> {
    const generation = this.#host.begin(this)
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
