import type { Arena } from '../backend/wasm/arena.js'
import type { Pointer } from '../backend/wasm/kernels.js'
import { DasllamaError } from '../errors.js'
import type { WarningListener } from '../warnings.js'
import { disposed } from './failures.js'

/** What a session holds of its model's memory. */
export interface CacheMemory {
  dispose(): void
}

/**
 * A session's claim on memory. It does not lead to the session, so that one that is forgotten can be collected and its
 * memory found.
 */
export class Lease {
  /** Whether a call on the session is running. */
  isBusy = false
  #cache: CacheMemory | undefined

  constructor(cache: CacheMemory) {
    this.#cache = cache
  }

  get isDisposed(): boolean {
    return this.#cache === undefined
  }

  /** Idempotent. */
  dispose(): void {
    this.#cache?.dispose()
    this.#cache = undefined
  }
}

/** How long to wait, in milliseconds, after a collection that found nothing. */
const MEANWHILE = 1000

/** The memory of a model's sessions, and who holds it. */
export class SessionMemory {
  #arena: Arena | undefined
  readonly #onWarning: WarningListener | undefined
  readonly #holders = new Map<Lease, WeakRef<object>>()
  readonly #collected = new FinalizationRegistry<Lease>((lease) => this.#reclaim(lease))
  /** Bytes by address. */
  readonly #spans = new Map<Pointer, number>()
  #hasWarned = false
  /** Not to be asked for before. */
  #nextCollection = Number.NEGATIVE_INFINITY

  constructor(arena: Arena, onWarning?: WarningListener) {
    this.#arena = arena
    this.#onWarning = onWarning
  }

  /** Whether a call on one of the sessions is running. */
  get isBusy(): boolean {
    return Array.from(this.#holders).some(([lease, holder]) => lease.isBusy && holder.deref() !== undefined)
  }

  /** A lease for `holder`, which is to be disposed with `release` or, should `holder` be collected, disposes of itself. */
  lease(holder: object, cache: CacheMemory): Lease {
    const lease = new Lease(cache)
    this.#holders.set(lease, new WeakRef(holder))
    this.#collected.register(holder, lease, lease)
    return lease
  }

  /** Idempotent. */
  release(lease: Lease): void {
    this.#holders.delete(lease)
    this.#collected.unregister(lease)
    lease.dispose()
  }

  /** Releases every lease, and lets go of the arena. */
  dispose(): void {
    for (const lease of this.#holders.keys()) this.release(lease)
    this.#arena = undefined
  }

  /** As the arena's, once more after forgotten sessions have given back what they held, where there are any. */
  allocate(bytes: number, purpose: string): Pointer {
    try {
      return this.#take(bytes, purpose)
    } catch (error) {
      if (!isOutOfMemory(error) || !this.#reclaimCollected()) throw this.#explained(error, bytes, purpose)
    }
    try {
      return this.#take(bytes, purpose)
    } catch (error) {
      throw this.#explained(error, bytes, purpose)
    }
  }

  free(pointer: Pointer): void {
    this.#spans.delete(pointer)
    this.#open.free(pointer)
  }

  /** A view of memory; valid until the next `allocate`. */
  bytes(pointer: Pointer, length: number): Uint8Array {
    return this.#open.bytes(pointer, length)
  }

  get #open(): Arena {
    if (!this.#arena) throw disposed()
    return this.#arena
  }

  #take(bytes: number, purpose: string): Pointer {
    const pointer = this.#open.allocate(bytes, purpose)
    this.#spans.set(pointer, bytes)
    return pointer
  }

  /** Takes back what sessions hold that are gone, without waiting for the runtime to report them. Whether there were any. */
  #reclaimCollected(): boolean {
    const { size } = this.#holders
    const now = performance.now()
    // First, because a holder that is looked at cannot be collected in the same turn.
    if (size > 0 && now >= this.#nextCollection) provokeCollection()
    for (const [lease, holder] of this.#holders) if (holder.deref() === undefined) this.#reclaim(lease)
    const found = this.#holders.size < size
    // Where every session is in use, those that ask for more are not to stop everything each time.
    if (!found) this.#nextCollection = now + MEANWHILE
    return found
  }

  #reclaim(lease: Lease): void {
    if (!this.#holders.has(lease)) return
    this.release(lease)
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#onWarning?.({
      code: 'NOT_DISPOSED',
      message:
        'a session or chat was forgotten without dispose(), and its cache taken back (said once per model)',
      hint: DISPOSE,
    })
  }

  /** An error of the arena, with who has the memory. */
  #explained(error: unknown, bytes: number, purpose: string): unknown {
    const count = this.#holders.size
    if (!isOutOfMemory(error) || count === 0) return error
    let held = 0
    for (const size of this.#spans.values()) held += size
    const holders = count === 1 ? '1 open session holds' : `${count} open sessions hold`
    return new DasllamaError(
      'OUT_OF_MEMORY',
      `${purpose} needs ${mebibytes(bytes)}, and ${holders} ${mebibytes(held)} of the ${mebibytes(this.#open.limit)} that the model may use`,
      {
        hint: `${DISPOSE}; or use a smaller contextLength, kvType "q8_0" or a larger memoryLimit (4 GiB at most)`,
        cause: error,
      },
    )
  }
}

const DISPOSE = 'call dispose() on sessions and chats that are done with, or declare them with `using`'

/**
 * An allocation that cannot succeed: V8 collects all garbage before it gives up, and collected sessions are found then.
 * Other engines refuse at once.
 */
function provokeCollection(): void {
  try {
    new ArrayBuffer(2 ** 50)
  } catch {
    // As expected.
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof DasllamaError && error.code === 'OUT_OF_MEMORY'
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
