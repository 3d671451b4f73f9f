import { MAX_BATCH, type Network } from '../model/network.js'
import { pause } from '../platform/pause.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import { type KvMemory, SessionKvCache } from './kv-cache.js'

/**
 * Runs texts through a network for their hidden states, one after another on a cache of its own: the model's sessions,
 * their caches and statistics do not notice.
 */
export class Embedder {
  readonly #network: Network
  readonly #cache: SessionKvCache
  readonly #peers: Set<Embedder>

  /** `peers`: the embedders at work on the model, this one among them until it is disposed. Throws `OUT_OF_MEMORY`. */
  constructor(network: Network, memory: KvMemory, contextLength: number, peers: Set<Embedder>) {
    this.#network = network
    this.#cache = new SessionKvCache(memory, network.config, contextLength, 'f16')
    this.#peers = peers
    peers.add(this)
  }

  /**
   * Evaluates `ids`, at most `contextLength` checked ones, from position 0 on and hands over the hidden states after the
   * output norm, batch by batch: f32[tokens][embeddingLength], a view that holds until `take` returns. Between batches
   * `signal` is heard; rejects then with its reason, or with `THREAD_LOST`.
   *
   * Everything goes through the tiles, a single token too, so that a state depends on its token and those before it
   * alone, to the last bit.
   */
  async run(
    ids: readonly TokenId[],
    take: (states: Float32Array) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (let first = 0; first < ids.length; first += MAX_BATCH) {
      await pause()
      signal?.throwIfAborted()
      const batch = ids.slice(first, first + MAX_BATCH)
      this.#network.forward(this.#cache, batch, first, false, true)
      take(this.#network.hiddenStates(batch.length))
    }
  }

  dispose(): void {
    this.#peers.delete(this)
    this.#cache.dispose()
  }
}
