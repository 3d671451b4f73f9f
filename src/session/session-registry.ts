import type { Batch, TakeOutput } from '../backend/batch.js'
import type { Executable } from '../backend/executable.js'
import { mebibytes } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { WarningListener } from '../warnings.js'
import { isOutOfMemory } from './failures.js'
import { Lease, type LeasedMemory } from './lease.js'

/** How long to wait, in milliseconds, after a collection that found nothing. */
const MEANWHILE = 1000

/**
 * The open sessions of a model, and what they hold of its memory. Calls that take memory go through here: where there is
 * none left, sessions that were forgotten give back what they hold, and the call is tried once more.
 */
export class SessionRegistry {
  readonly #executable: () => Executable
  readonly #onWarning: WarningListener | undefined
  readonly #holders = new Map<Lease, WeakRef<object>>()
  readonly #collected = new FinalizationRegistry<Lease>((lease) => this.#reclaim(lease))
  #hasWarned = false
  /** Not to be asked for before. */
  #nextCollection = Number.NEGATIVE_INFINITY

  /** `executable`: what the sessions run on; throws `DISPOSED` once it is gone. */
  constructor(executable: () => Executable, onWarning?: WarningListener) {
    this.#executable = executable
    this.#onWarning = onWarning
  }

  /** A lease for `holder`, which is to be disposed or, should `holder` be collected, is reclaimed. */
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

  /** What `work` resolves with; once more, after forgotten sessions have given back what they held, where there are any. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!isOutOfMemory(error) || !this.#reclaimCollected()) throw this.#explained(error)
    }
    try {
      return await work()
    } catch (error) {
      throw this.#explained(error)
    }
  }

  /** Disposes every lease, each at once where its session is idle; what is returned resolves when all have ended. */
  dispose(): Promise<void>[] {
    return [...this.#holders.keys()].flatMap((lease) => {
      const isBusy = lease.isBusy
      const ended = lease.dispose()
      return isBusy ? [ended] : []
    })
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
    lease.reclaim()
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#onWarning?.({
      code: 'NOT_DISPOSED',
      message:
        'a session or chat was forgotten without dispose(), and its memory taken back (said once per model)',
      hint: DISPOSE,
    })
  }

  /** An error of the executable, with who has the memory. */
  #explained(error: unknown): unknown {
    const count = this.#holders.size
    if (!isOutOfMemory(error) || count === 0) return error
    let held = 0
    for (const { bytes } of this.#holders.keys()) held += bytes
    const holders = count === 1 ? '1 open session holds' : `${count} open sessions hold`
    const { memoryLimit } = this.#executable()
    return new DasllamaError(
      'OUT_OF_MEMORY',
      `${error.message}; ${holders} ${mebibytes(held)} of the ${mebibytes(memoryLimit)} that the model may use`,
      {
        hint: `${DISPOSE}; or use fewer tokens, kvType "q8_0" or a larger memoryLimit (4 GiB at most)`,
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
