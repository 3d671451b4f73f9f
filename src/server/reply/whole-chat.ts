import type { GeneratedToken, Model } from '../../index.js'
import type { WrittenCall } from '../service/forced-call.js'
import type { FinishReason } from '../service/generating.js'
import type { ReplyPart } from '../service/replies.js'
import { callOf } from './chat-chunk.js'
import { chatLogprobs } from './token-logprobs.js'

/** One reply, put together from its parts. */
export class WholeReply {
  #reasoning = ''
  #content = ''
  #finish: FinishReason = 'stop'
  readonly #calls: WrittenCall[] = []
  readonly #tokens: GeneratedToken[] = []

  add({ reasoning, content, toolCalls, tokens, finish }: ReplyPart): void {
    this.#reasoning += reasoning
    this.#content += content
    this.#calls.push(...toolCalls)
    this.#tokens.push(...tokens)
    this.#finish = finish ?? this.#finish
  }

  /** As an entry of `choices`. */
  choice(index: number, model: Model, { hasLogprobs }: { readonly hasLogprobs: boolean }): object {
    const calls = this.#calls.map(callOf)
    return {
      index,
      message: {
        role: 'assistant',
        content: this.#content === '' && calls.length > 0 ? null : this.#content,
        refusal: null,
        ...(this.#reasoning !== '' && { reasoning_content: this.#reasoning }),
        ...(calls.length > 0 && { tool_calls: calls }),
      },
      logprobs: hasLogprobs ? chatLogprobs(this.#tokens, model) : null,
      finish_reason: this.#finish,
    }
  }
}
