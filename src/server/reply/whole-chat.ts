import type { GeneratedToken, Model } from '../../index.js'
import type { FinishReason } from '../service/generating.js'
import type { ReplyPart } from '../service/replies.js'
import { chatLogprobs } from './token-logprobs.js'

/** One reply, put together from its parts. */
export class WholeReply {
  #reasoning = ''
  #content = ''
  #finish: FinishReason = 'stop'
  readonly #calls: { readonly id: string; readonly name: string; arguments: string }[] = []
  readonly #tokens: GeneratedToken[] = []

  add({ reasoning, content, calls, tokens, finish }: ReplyPart): void {
    this.#reasoning += reasoning
    this.#content += content
    for (const { index, begins, argumentsText } of calls) {
      if (begins) this.#calls[index] = { ...begins, arguments: '' }
      this.#calls[index].arguments += argumentsText
    }
    this.#tokens.push(...tokens)
    this.#finish = finish ?? this.#finish
  }

  /** As an entry of `choices`. */
  choice(index: number, model: Model, { hasLogprobs }: { readonly hasLogprobs: boolean }): object {
    const calls = this.#calls.map(({ id, ...called }) => ({ id, type: 'function', function: called }))
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
