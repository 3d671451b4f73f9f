import { abortable } from '../../abortable.js'
import { describeFailure } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { Kernels } from './kernels.js'
import type { Thread, ThreadHost, ThreadStart } from './threads.js'

/**
 * An engine's thread pool: the caller's thread, which is the main thread, and workers. The kernels distribute the work
 * (assembly/thread_pool.ts); this class starts the workers, notices when one ends, and shuts them down.
 */
export class ThreadPool {
  readonly #kernels: Kernels
  readonly #maySleep: boolean
  /** All threads but the main thread. */
  readonly workers: ReadonlySet<Thread>
  readonly #workers = new Set<Thread>()
  #size = 1
  /** Resolves when all workers that were shut down have ended. */
  #ending: Promise<unknown> = Promise.resolve()
  /** Why a worker ended unexpectedly, until it has been reported. */
  #loss: string | undefined

  private constructor(kernels: Kernels, { maySleep }: Pick<ThreadHost, 'maySleep'>) {
    this.#kernels = kernels
    this.#maySleep = maySleep
    this.workers = this.#workers
  }

  static single(kernels: Kernels): ThreadPool {
    return new ThreadPool(kernels, { maySleep: true })
  }

  /**
   * Starts a pool of `size` threads. Rejects with `UNSUPPORTED` when a thread cannot be started, or with the signal's
   * reason; then no worker is left running.
   */
  static async start(
    kernels: Kernels,
    size: number,
    host: ThreadHost,
    start: Omit<ThreadStart, 'number'>,
    signal?: AbortSignal,
  ): Promise<ThreadPool> {
    const pool = new ThreadPool(kernels, host)
    const begin = (number: number) =>
      abortable(host.startThread({ ...start, number }, signal), signal, (late) => late.terminate())
    const started = await Promise.allSettled(Array.from({ length: size - 1 }, (_, i) => begin(i + 1)))
    for (const result of started) if (result.status === 'fulfilled') pool.#add(result.value)
    const failed = started.find((result) => result.status === 'rejected')
    // Before it is shut down, because kernels without a pool would not wake those that wait already.
    pool.#setSize(size)
    if (failed || signal?.aborted) void pool.shutDown()
    signal?.throwIfAborted()
    if (failed) {
      throw new DasllamaError(
        'UNSUPPORTED',
        `a thread could not be started: ${describeFailure(failed.reason)}`,
        {
          hint: 'pass threads: 1',
          cause: failed.reason,
        },
      )
    }
    return pool
  }

  /** Number of threads, including the main thread. */
  get size(): number {
    return this.#size
  }

  /**
   * Runs `work`, which calls kernels that use all threads, and returns its result. If a worker has died, throws `THREAD_LOST`
   * once: before the work if that was noticed, otherwise during it, if the worker died while computing a part. The work's
   * results are then invalid; the pool goes on with the remaining threads.
   */
  run<T>(work: () => T): T {
    if (this.#loss !== undefined) throw this.#lost(this.#loss)
    try {
      return work()
    } catch (cause) {
      if (this.#size === 1 || !(cause instanceof WebAssembly.RuntimeError)) throw cause
      void this.shutDown()
      throw this.#lost('a worker did not finish its part of the work', cause)
    }
  }

  /**
   * Makes the workers return, or terminates them; the main thread goes on alone. Resolves when they have ended and released the shared
   * memory. Idempotent.
   */
  async shutDown(): Promise<void> {
    const workers = [...this.#workers]
    this.#ending = Promise.all([this.#ending, ...workers.map(({ ended }) => ended)])
    this.#workers.clear()
    this.#size = 1
    // Idle workers return from the kernels; the others are stopped by `terminate`.
    this.#kernels.pool_shut_down()
    for (const worker of workers) worker.terminate()
    await this.#ending
  }

  #add(worker: Thread): void {
    this.#workers.add(worker)
    void worker.ended.then((reason) => {
      if (!this.#workers.delete(worker)) return
      this.#loss = reason
      this.#setSize(this.#workers.size + 1)
    })
  }

  #setSize(size: number): void {
    this.#size = size
    this.#kernels.pool_start(size, this.#maySleep)
  }

  #lost(reason: string, cause?: unknown): DasllamaError {
    this.#loss = undefined
    const left = this.#size === 1 ? 'one thread' : `${this.#size} threads`
    return new DasllamaError('THREAD_LOST', `a thread of the engine has ended: ${reason}`, {
      hint: `try again: the model goes on with ${left}`,
      cause,
    })
  }
}
