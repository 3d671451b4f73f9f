import type { TokenCounts } from '../call.js'

/** Measures a request, in the words of Ollama's API. */
export class Stopwatch {
  readonly #begin = performance.now()
  #loaded = this.#begin
  #entered = this.#begin
  #first: number | undefined

  /** The model is there. */
  loaded(): void {
    this.#loaded = performance.now()
  }

  /** It is the request's turn. */
  entered(): void {
    this.#entered = performance.now()
  }

  /** A token has been generated. */
  token(): void {
    this.#first ??= performance.now()
  }

  /** Nanoseconds and numbers of tokens so far. Waiting for a turn counts for the total only. */
  totals({ promptTokens, completionTokens }: TokenCounts): object {
    const end = performance.now()
    const first = this.#first ?? end
    return {
      ...this.loading(),
      prompt_eval_count: promptTokens,
      prompt_eval_duration: nanoseconds(first - this.#entered),
      eval_count: completionTokens,
      eval_duration: nanoseconds(end - first),
    }
  }

  /** Nanoseconds so far, and of them those until the model was there. */
  loading(): object {
    return {
      total_duration: nanoseconds(performance.now() - this.#begin),
      load_duration: nanoseconds(this.#loaded - this.#begin),
    }
  }
}

function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6)
}
