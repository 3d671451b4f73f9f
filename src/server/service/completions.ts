import {
  DasllamaError,
  type Generation,
  type Session,
  type TokenId,
  type TokenLogprobs,
} from '../../index.js'
import { freeingMemory } from '../../serving/freeing-memory.js'
import { ApiError, invalidField } from '../api-error.js'
import type { CompletionRequest, Gap, TextOrIds } from '../request/completion.js'
import {
  type FinishReason,
  finishReason,
  generateOptions,
  NO_PROMPT,
  NO_TOKENS,
  type ReplyCounts,
  randomSeed,
  seedOf,
  sumOf,
} from './generating.js'
import type { Admitted, ServedModel } from './models.js'
import { together } from './together.js'

/** A token of a completion, with what is known of its probability. */
export interface CompletionToken {
  readonly id: TokenId
  readonly piece: string
  /** Absent for the first token of a prompt. */
  readonly logprob?: number
  /** Absent for tokens of a prompt. */
  readonly top?: TokenLogprobs['before']['top']
}

/** The tokens of a prompt with a gap in an empty text, BOS included. */
const MARKERS = 4

interface Prompt {
  readonly ids: readonly TokenId[]
  readonly text: string
}

/** A piece of one of the texts. */
export interface CompletionPart {
  readonly index: number
  readonly text: string
  readonly tokens: readonly CompletionToken[]
  /** Set in the last part of its text. */
  readonly finish?: FinishReason
  /** In the last part: the text that has ended it, if it is one of the request's. */
  readonly stopText?: string | undefined
}

/** The texts of a request, and their tokens so far. Those that continue the same prompt are written at the same time. */
export class Completions {
  counts = NO_TOKENS
  readonly #each: ReplyCounts[] = []
  readonly #served: ServedModel
  readonly #request: CompletionRequest
  readonly #signal: AbortSignal

  constructor(served: ServedModel, request: CompletionRequest, signal: AbortSignal) {
    this.#served = served
    this.#request = request
    this.#signal = signal
  }

  /** Writes the texts. */
  parts(): AsyncGenerator<CompletionPart> {
    return freeingMemory(this.#served, () => this.#writeAll())
  }

  async *#writeAll(): AsyncGenerator<CompletionPart> {
    const { prompts, choices } = this.#request
    const encoded = prompts.map((prompt, i) => this.#encode(prompt, i))
    for (const [i, prompt] of encoded.entries()) yield* this.#write(prompt, i * choices)
  }

  /** Control tokens are parsed: who sends a raw prompt writes the template. */
  #encode(prompt: TextOrIds, i: number): Prompt {
    const { model } = this.#served
    const ids = this.#idsOf(prompt)
    const name = this.#request.prompts.length > 1 ? `prompt[${i}]` : 'prompt'
    if (ids.length === 0)
      throw new ApiError(400, `${name} has no tokens`, { param: name, code: 'invalid_value' })
    const text = typeof prompt === 'string' ? prompt : model.decode(ids)
    if (ids.length < model.contextLength) return { ids, text }
    throw new DasllamaError(
      'CONTEXT_FULL',
      `${name} has ${ids.length} tokens, and the context of ${model.contextLength} must also hold what is written`,
    )
  }

  #idsOf(prompt: TextOrIds): readonly TokenId[] {
    const { gap } = this.#request
    if (typeof prompt !== 'string') return prompt
    return gap ? this.#fillIn(prompt, gap) : this.#served.model.encode(prompt, { parseSpecial: true })
  }

  #fillIn(prefix: string, { isCut, ...parts }: Gap): readonly TokenId[] {
    const { model, name } = this.#served
    if (!model.tokenizer.infillTokens) {
      throw invalidField(
        'suffix',
        `the model ${JSON.stringify(name)} cannot fill in texts: its vocabulary has no tokens for it`,
        'unsupported_value',
      )
    }
    if (!isCut) return model.encodeInfill({ prefix, ...parts })
    const { contextLength } = model
    // What is written has its place, but not more than half of the context.
    const written = Math.min(this.#request.maxTokens ?? contextLength >> 2, contextLength >> 1)
    return model.encodeInfill({ prefix, ...parts }, { maxTokens: Math.max(MARKERS, contextLength - written) })
  }

  async *#write(prompt: Prompt, first: number): AsyncGenerator<CompletionPart> {
    const { ids } = prompt
    const { sessions } = this.#served
    const { choices, maxTokens } = this.#request
    const seed = this.#request.seed ?? randomSeed()
    const session = sessions.take(ids, this.#options.reuse)
    const others: Session[] = []
    let admitted: Admitted | undefined
    try {
      const expected = { prompt: ids.length, reply: maxTokens, count: choices }
      admitted = await this.#served.admit(expected, this.#signal)
      this.#count(first, { ...NO_TOKENS, promptTokens: ids.length })
      const scored = this.#isScored ? await this.#score(session, prompt) : []
      const begin = (of: Session, i: number) => {
        of.setSeed(seedOf(seed, i))
        return this.#text(of, prompt, { index: first + i, isFirst: i === 0, scored })
      }
      const indices = Array.from({ length: choices }, (_, i) => i)
      if (admitted.isTogether) {
        yield* together(
          indices.map((i) => () => {
            if (i > 0) others.push(sessions.takeNew())
            return begin(others[i - 1] ?? session, i)
          }),
        )
      } else {
        for (const i of indices) yield* begin(session, i)
      }
    } finally {
      admitted?.leave()
      sessions.give(session)
      await Promise.all(others.map((other) => other.dispose()))
    }
  }

  /** `scored`: the tokens of the prompt, if they are wanted. */
  async *#text(
    session: Session,
    { ids, text }: Prompt,
    {
      index,
      isFirst,
      scored,
    }: { readonly index: number; readonly isFirst: boolean; readonly scored: readonly CompletionToken[] },
  ): AsyncGenerator<CompletionPart> {
    if (this.#request.echo) yield { index, text, tokens: scored }
    yield* this.#continue(session.generate(ids, this.#options), index, isFirst)
  }

  #count(index: number, counts: ReplyCounts): void {
    this.#each[index] = counts
    this.counts = sumOf(this.#each)
    this.#served.progress(this.counts)
  }

  /** The tokens of the prompt with their log-probabilities. */
  async #score(session: Session, { ids, text }: Prompt): Promise<readonly CompletionToken[]> {
    const { model } = this.#served
    await session.reset()
    const scores = await session.score(ids, { signal: this.#signal })
    const pieces = ids.map((id) => model.piece(id))
    // A token that was added before the text is not part of it.
    if (ids[0] === model.tokenizer.bosId && !text.startsWith(pieces[0])) pieces[0] = ''
    return ids.map((id, i) => ({ id, piece: pieces[i], ...(i > 0 && { logprob: scores[i] }) }))
  }

  /** Whether the log-probabilities of prompts are wanted; then all of their tokens are evaluated. */
  get #isScored(): boolean {
    return this.#request.echo && this.#request.logprobs !== undefined
  }

  async *#continue(generation: Generation, index: number, isFirst: boolean): AsyncGenerator<CompletionPart> {
    const count = () => {
      const { usage } = generation
      this.#count(index, {
        ...{ ...NO_TOKENS, ...usage },
        // The prompt is the same for all texts that continue it.
        ...(isFirst ? this.#isScored && { cachedTokens: 0 } : NO_PROMPT),
      })
    }
    let tokens: CompletionToken[] = []
    for await (const { id, piece, logprobs } of generation) {
      count()
      tokens.push({ id, piece, ...logprobs?.before })
      // A token within a character has no text.
      if (piece === '') continue
      yield { index, text: piece, tokens }
      tokens = []
    }
    count()
    const { stopReason, stoppedBy } = generation
    const finish = finishReason(stopReason, this.#signal)
    const stopText = typeof stoppedBy === 'string' ? stoppedBy : undefined
    yield { index, text: '', tokens, finish, stopText }
  }

  get #options(): ReturnType<typeof generateOptions> {
    return generateOptions(this.#served, this.#request, this.#signal)
  }
}
