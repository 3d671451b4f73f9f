import type { TokenId } from '../tokenizer/tokenizer.js'
import type { Call } from './call.js'
import type { SessionHost } from './session.js'

/**
 * Runs texts through a model for their hidden states, each on a memory of its own: the model's sessions, their memories and
 * statistics do not notice.
 */
export class Embedder {
  readonly #host: SessionHost
  readonly #call: Call

  /** `call`: the embedding that it works for, which it ends. */
  constructor(host: SessionHost, call: Call) {
    this.#host = host
    this.#call = call
  }

  /** Aborted with the caller's, and when the model is disposed. */
  get signal(): AbortSignal {
    return this.#call.signal
  }

  /**
   * Evaluates checked `ids` from position 0 on and hands over each token's hidden state after the output norm, in order:
   * f32[embeddingLength], a view that holds until `take` returns. Rejects with the signal's reason, `OUT_OF_MEMORY` or
   * `THREAD_LOST`.
   *
   * Everything is evaluated as a prompt, a single token too, so that a state depends on its token and those before it
   * alone, to the last bit.
   */
  async run(ids: readonly TokenId[], take: (state: Float32Array) => void): Promise<void> {
    const { signal } = this
    const memory = this.#host.executable.createMemory('f16')
    try {
      await this.#host.scheduler.run({
        memory,
        ids,
        phase: 'prefill',
        outputs: [...ids.keys()],
        want: 'hidden',
        signal,
        take: (_, state) => take(state),
        advanced: () => {},
      })
    } finally {
      memory.dispose()
    }
  }

  dispose(): void {
    this.#call.end()
  }
}
