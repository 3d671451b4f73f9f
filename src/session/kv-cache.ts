import type { Config } from '../model/config.js'
import type { KvCache, KvType } from '../model/kv-cache.js'
import type { Arena } from '../wasm/arena.js'
import type { Pointer } from '../wasm/kernels.js'

/** Bytes that a session's cache takes, scores included. */
export function kvCacheBytes(config: Config, contextLength: number, type: KvType): number {
  const scores = (contextLength + 3) * 4
  return 2 * config.layers * layerBytes(config, contextLength, type) + scores + 128
}

function layerBytes(config: Config, contextLength: number, type: KvType): number {
  return contextLength * config.kvHeads * config.headDim * (type === 'f32' ? 4 : 2)
}

/** A session's own cache: one span of the arena, keys and values of all layers one after another. */
export class SessionKvCache implements KvCache {
  readonly type: KvType
  readonly contextLength: number
  readonly scores: Pointer
  readonly #arena: Arena
  readonly #base: Pointer
  readonly #layerBytes: number

  /** Throws `OUT_OF_MEMORY`. */
  constructor(arena: Arena, config: Config, contextLength: number, type: KvType) {
    this.type = type
    this.contextLength = contextLength
    this.#arena = arena
    this.#layerBytes = layerBytes(config, contextLength, type)
    const caches = 2 * config.layers * this.#layerBytes
    this.#base = arena.allocate(
      kvCacheBytes(config, contextLength, type),
      `a session of ${contextLength} positions with an ${type} cache`,
    )
    this.scores = (Math.ceil((this.#base + caches) / 64) * 64) as Pointer
  }

  keys(layer: number): Pointer {
    return (this.#base + 2 * layer * this.#layerBytes) as Pointer
  }

  values(layer: number): Pointer {
    return (this.#base + (2 * layer + 1) * this.#layerBytes) as Pointer
  }

  dispose(): void {
    this.#arena.free(this.#base)
  }
}
