import type { Arena } from '../backend/wasm/arena.js'
import type { Pointer } from '../backend/wasm/kernels.js'
import type { Config } from '../model/config.js'
import { type KvCache, type KvType, kvRowBytes } from '../model/kv-cache.js'
import { pacer } from '../platform/pacer.js'

/** Bytes that a session's cache takes. */
export function kvCacheBytes(config: Config, contextLength: number, type: KvType): number {
  return 2 * config.layers * contextLength * kvRowBytes(config, type)
}

/** Where caches get their memory from: an arena, or a model's `SessionMemory`. */
export type KvMemory = Pick<Arena, 'allocate' | 'free' | 'bytes'>

/** Bytes, about a millisecond. */
const COPIED_AT_ONCE = 2 ** 22

/** A piece of the memory and how many caches read it. */
interface Span {
  readonly base: Pointer
  owners: number
}

/**
 * A session's own cache: one span of the memory, keys and values of all layers one after another. Forks share the span
 * until one of them is about to write.
 */
export class SessionKvCache implements KvCache {
  readonly type: KvType
  readonly contextLength: number
  readonly #memory: KvMemory
  readonly #config: Config
  readonly #rowBytes: number
  #span: Span

  /** `shared`: the cache to read along in; then the other arguments are as there. Throws `OUT_OF_MEMORY`. */
  constructor(
    memory: KvMemory,
    config: Config,
    contextLength: number,
    type: KvType,
    shared?: SessionKvCache,
  ) {
    this.type = type
    this.contextLength = contextLength
    this.#memory = memory
    this.#config = config
    this.#rowBytes = kvRowBytes(config, type)
    this.#span = shared ? shared.#span : this.#allocate()
    if (shared) this.#span.owners++
  }

  keys(layer: number): Pointer {
    return this.#plane(2 * layer)
  }

  values(layer: number): Pointer {
    return this.#plane(2 * layer + 1)
  }

  /** A cache of the same content, which costs memory only once either is written to. */
  fork(): SessionKvCache {
    return new SessionKvCache(this.#memory, this.#config, this.contextLength, this.type, this)
  }

  /**
   * To be called before a write: leaves a shared span for one of its own, with the first `rows` positions. Lets the event
   * loop run on the way. Rejects with `OUT_OF_MEMORY` or the signal's reason, and stays as it was.
   */
  async own(rows: number, signal?: AbortSignal): Promise<void> {
    const from = this.#span
    if (from.owners === 1) return
    const own = this.#allocate()
    const bytes = rows * this.#rowBytes
    try {
      for (let plane = 0; plane < this.#planes; plane++) {
        const end = plane * this.#planeBytes + bytes
        for (let at = end - bytes; at < end; at += COPIED_AT_ONCE) {
          const source = this.#memory.bytes((from.base + at) as Pointer, Math.min(COPIED_AT_ONCE, end - at))
          this.#memory.bytes((own.base + at) as Pointer, source.length).set(source)
          await pacer.yieldIfDue(signal)
        }
      }
    } catch (error) {
      this.#leave(own)
      throw error
    }
    this.#span = own
    // The others may have left meanwhile.
    this.#leave(from)
  }

  /** Bytes of what `rows` positions hold in all layers. */
  contentBytes(rows: number): number {
    return this.#planes * rows * this.#rowBytes
  }

  /** Copies the first `rows` positions to `target`: each layer's keys, then its values. */
  read(rows: number, target: Uint8Array): void {
    this.#eachContent(rows, (content, at) => target.set(content, at))
  }

  /** Takes the first `rows` positions from what `read` wrote. Throws `OUT_OF_MEMORY`, and stays as it was. */
  write(rows: number, source: Uint8Array): void {
    if (this.#span.owners > 1) {
      const own = this.#allocate()
      this.#leave(this.#span)
      this.#span = own
    }
    this.#eachContent(rows, (content, at) => content.set(source.subarray(at, at + content.length)))
  }

  dispose(): void {
    this.#leave(this.#span)
  }

  get #planes(): number {
    return 2 * this.#config.layers
  }

  get #planeBytes(): number {
    return this.contextLength * this.#rowBytes
  }

  #plane(index: number): Pointer {
    return (this.#span.base + index * this.#planeBytes) as Pointer
  }

  #eachContent(rows: number, visit: (content: Uint8Array, at: number) => void): void {
    const length = rows * this.#rowBytes
    for (let plane = 0; plane < this.#planes; plane++) {
      visit(this.#memory.bytes(this.#plane(plane), length), plane * length)
    }
  }

  #leave(span: Span): void {
    span.owners--
    if (span.owners === 0) this.#memory.free(span.base)
  }

  #allocate(): Span {
    const bytes = kvCacheBytes(this.#config, this.contextLength, this.type)
    const purpose = `a session of ${this.contextLength} positions with an ${this.type} cache`
    return { base: this.#memory.allocate(bytes, purpose), owners: 1 }
  }
}
