import { MAX_BATCH, type Network } from '../model/network.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import { type KvMemory, SessionKvCache } from './kv-cache.js'

/**
 * Runs texts through a network for their hidden states, one after another on a cache of its own: the model's sessions,
 * their caches and statistics do not notice.
 */
export class Embedder {
  readonly #network: Network
  readonly #peers: Set<Embedder>
  readonly #memory: KvMemory
  #cache: SessionKvCache | undefined

  /** `peers`: the embedders at work on the model, this one among them until it is disposed. */
  constructor(network: Network, memory: KvMemory, peers: Set<Embedder>) {
    this.#network = network
    this.#memory = memory
    this.#peers = peers
    peers.add(this)
  }

  /** Takes memory for texts of up to `contextLength` tokens; called once, before `run`. Throws `OUT_OF_MEMORY`. */
  reserve(contextLength: number): void {
    this.#cache = new SessionKvCache(this.#memory, this.#network.config, contextLength, 'f16')
  }

  /**
   * Evaluates `ids`, at most `contextLength` checked ones, from position 0 on and hands over the hidden states after the
   * output norm, batch by batch: f32[tokens][embeddingLength], a view that holds until `take` returns. `signal` is
   * checked whenever the event loop runs; rejects then with its reason, or with `THREAD_LOST`.
   *
   * Everything goes through the tiles, a single token too, so that a state depends on its token and those before it
   * alone, to the last bit.
   */
  async run(
    ids: readonly TokenId[],
    take: (states: Float32Array) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const cache = this.#cache!
    for (let first = 0; first < ids.length; first += MAX_BATCH) {
      const batch = ids.slice(first, first + MAX_BATCH)
      const pass = { cache, ids: batch, position: first, tiled: true, signal }
      await this.#network.forward(pass, () => take(this.#network.hiddenStates(batch.length)))
    }
  }

  dispose(): void {
    this.#peers.delete(this)
    this.#cache?.dispose()
  }
}
