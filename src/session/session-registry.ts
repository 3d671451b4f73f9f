import type { Batch, TakeOutput } from '../backend/batch.js'
import type { Executable } from '../backend/executable.js'
import { mebibytes } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { Warning, WarningListener } from '../warnings.js'
import { isOutOfMemory } from './failures.js'
import { Lease, type LeasedMemory } from './lease.js'

/** How long to wait, in milliseconds, after a collection that found nothing. */
const MEANWHILE = 1000

export interface RegistryOptions {
  readonly onWarning?: WarningListener | undefined
  /** Frees memory that no session uses, a little at a time. Returns false if there is none. Default: there is none. */
  readonly evict?: () => boolean
}

/**
 * The open sessions of a model and the memory they hold. Calls that allocate go through here: on `OUT_OF_MEMORY`, what only the
 * prefix cache keeps is evicted, then memory of sessions that were dropped without `dispose()` is reclaimed, and the call is
 * retried.
 */
export class SessionRegistry {
  readonly #executable: () => Executable
  readonly #onWarning: WarningListener | undefined
  readonly #evict: () => boolean
  readonly #holders = new Map<Lease, WeakRef<object>>()
  readonly #collected = new FinalizationRegistry<Lease>((lease) => this.#reclaim(lease))
  #hasWarned = false
  /** No collection is provoked before this time. */
  #nextCollection = Number.NEGATIVE_INFINITY

  /** `executable` returns what the sessions run on; throws `DISPOSED` once the model is disposed. */
  constructor(executable: () => Executable, { onWarning, evict = () => false }: RegistryOptions = {}) {
    this.#executable = executable
    this.#onWarning = onWarning
    this.#evict = evict
  }

  /** Passes a warning on. */
  warn(warning: Warning): void {
    this.#onWarning?.(warning)
  }

  /** A lease for `holder`. It ends by `dispose`, or when `holder` is garbage-collected. */
  lease(holder: object, memory: LeasedMemory): Lease {
    const lease = new Lease(memory, () => {
      this.#holders.delete(lease)
      this.#collected.unregister(lease)
    })
    this.#holders.set(lease, new WeakRef(holder))
    this.#collected.register(holder, lease, lease)
    return lease
  }

  /** As `Executable.run`. */
  run(batch: Batch, take: TakeOutput): Promise<number> {
    return this.attempt(() => this.#executable().run(batch, take))
  }

  /** Runs `work`; on `OUT_OF_MEMORY` again while something can be evicted, and once more if something can be reclaimed. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    for (let hasReclaimed = false; ; ) {
      try {
        return await work()
      } catch (error) {
        if (!isOutOfMemory(error)) throw error
        if (this.#evict()) continue
        if (hasReclaimed || !this.#reclaimCollected()) throw this.#explained(error)
        hasReclaimed = true
      }
    }
  }

  /** Disposes every lease, idle ones at once. Returns promises for the ends of the busy ones. */
  dispose(): Promise<void>[] {
    return [...this.#holders.keys()].flatMap((lease) => {
      const isBusy = lease.isBusy
      const ended = lease.dispose()
      return isBusy ? [ended] : []
    })
  }

  /** Reclaims memory of collected sessions without waiting for the runtime to report them. Returns whether there were any. */
  #reclaimCollected(): boolean {
    const { size } = this.#holders
    const now = performance.now()
    // First, because a WeakRef that is dereferenced stays alive for the rest of the turn.
    if (size > 0 && now >= this.#nextCollection) provokeCollection()
    for (const [lease, holder] of this.#holders) if (holder.deref() === undefined) this.#reclaim(lease)
    const found = this.#holders.size < size
    // If every session is in use, repeated requests must not trigger a full collection each time.
    if (!found) this.#nextCollection = now + MEANWHILE
    return found
  }

  #reclaim(lease: Lease): void {
    if (!this.#holders.has(lease)) return
    lease.reclaim()
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.warn({
      code: 'NOT_DISPOSED',
      message:
        'a session or chat was forgotten without dispose(), and its memory taken back (said once per model)',
      hint: DISPOSE,
    })
  }

  /** Adds to an `OUT_OF_MEMORY` error how much memory open sessions hold. */
  #explained(error: DasllamaError): DasllamaError {
    const count = this.#holders.size
    if (count === 0) return error
    let held = 0
    for (const { bytes } of this.#holders.keys()) held += bytes
    const holders = count === 1 ? '1 open session holds' : `${count} open sessions hold`
    const { memoryLimit } = this.#executable()
    return new DasllamaError(
      'OUT_OF_MEMORY',
      `${error.message}; ${holders} ${mebibytes(held)} of the ${mebibytes(memoryLimit)} that the model may use`,
      {
        hint: `${DISPOSE}; or use fewer tokens, kvType "q8_0" or a larger memoryLimit`,
        cause: error,
      },
    )
  }
}

const DISPOSE = 'call dispose() on sessions and chats that are done with, or declare them with `using`'

/**
 * An allocation that cannot succeed: V8 collects all garbage before it gives up, and then collected sessions are found.
 * Other engines throw at once.
 */
function provokeCollection(): void {
  try {
    new ArrayBuffer(2 ** 50)
  } catch {
    // As expected.
  }
}
