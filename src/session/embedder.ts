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
   * Evaluates checked `ids` from position 0 on and hands over the hidden states after the output norm of the positions
   * `outputs`, ascending: f32[embeddingLength], a view that holds until `take` returns. Rejects with the signal's reason,
   * `OUT_OF_MEMORY` or `THREAD_LOST`.
   *
   * Everything is evaluated as a prompt, a single token too, so that a state depends on its token and those that it sees
   * alone, to the last bit.
   */
  async run(
    ids: readonly TokenId[],
    outputs: readonly number[],
    take: (state: Float32Array) => void,
  ): Promise<void> {
    const { executable, scheduler, sessions } = this.#host
    const { signal } = this
    if (executable.isEncoder) {
      const text = { ids, outputs, signal }
      await sessions.attempt(() => executable.runText(text, (_, state) => take(state)))
      return
    }
    const memory = executable.createMemory('f16')
    try {
      await scheduler.run({
        memory,
        ids,
        phase: 'prefill',
        outputs,
        want: 'hidden',
        signal,
        take: (_, state) => take(state),
        advanced: () => {},
      })
    } finally {
      memory.dispose()
    }
  }

  /** Whether something follows pooling: dense layers, or a ranking head. */
  get hasPooledHead(): boolean {
    return this.#host.executable.pooledWidth !== undefined
  }

  /** What follows pooling, of one vector. Rejects as `run` does. */
  runPooledHead(vector: Float32Array): Promise<Float32Array> {
    return this.#host.executable.runPooledHead(vector, this.signal)
  }

  dispose(): void {
    this.#call.end()
  }
}
