import {
  DasllamaError,
  type Generation,
  type Session,
  type TokenId,
  type TokenLogprobs,
} from '../../index.js'
import { freeingMemory } from '../../serving/freeing-memory.js'
import { ApiError } from '../api-error.js'
import type { CompletionRequest, TextOrIds } from '../request/completion.js'
import { type FinishReason, finishReason, generateOptions, NO_TOKENS, randomSeed } from './generating.js'
import type { ServedModel } from './models.js'

/** A token of a completion, with what is known of its probability. */
export interface CompletionToken {
  readonly id: TokenId
  readonly piece: string
  /** Absent for the first token of a prompt. */
  readonly logprob?: number
  /** Absent for tokens of a prompt. */
  readonly top?: TokenLogprobs['before']['top']
}

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
}

/** The texts of a request, one after the other, and their tokens so far. */
export class Completions {
  counts = NO_TOKENS
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
    const ids = typeof prompt === 'string' ? model.encode(prompt, { parseSpecial: true }) : prompt
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

  async *#write(prompt: Prompt, first: number): AsyncGenerator<CompletionPart> {
    const { ids, text } = prompt
    const { sessions } = this.#served
    const { choices, seed } = this.#request
    const session = sessions.take(ids, this.#options.reuse)
    try {
      session.setSeed(seed ?? randomSeed())
      const tokens = this.#isScored ? await this.#score(session, prompt) : []
      for (let i = 0; i < choices; i++) {
        if (this.#request.echo) yield { index: first + i, text, tokens }
        const isFirst = i === 0
        yield* this.#continue(session.generate(ids, this.#options), first + i, isFirst)
      }
    } finally {
      sessions.give(session)
    }
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
    const before = this.counts
    const count = () => {
      const { promptTokens, cachedTokens, completionTokens } = generation.usage
      this.counts = {
        ...before,
        // The prompt is the same for all texts that continue it.
        promptTokens: before.promptTokens + (isFirst ? promptTokens : 0),
        cachedTokens: before.cachedTokens + (isFirst && !this.#isScored ? cachedTokens : 0),
        completionTokens: before.completionTokens + completionTokens,
      }
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
    const finish = finishReason(generation.stopReason, this.#signal)
    yield { index, text: '', tokens, finish }
  }

  get #options(): ReturnType<typeof generateOptions> {
    return generateOptions(this.#served, this.#request, this.#signal)
  }
}
