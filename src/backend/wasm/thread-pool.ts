import { abortable } from '../../abortable.js'
import { describeFailure } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { Kernels } from './kernels.js'
import type { Thread, ThreadHost, ThreadStart } from './threads.js'

/** Most threads of a pool: memory is exhausted long before. */
export const MAX_THREADS = 32

/**
 * The threads that share an engine's work. The caller's own is the leader and takes part; the kernels hand out the work
 * (assembly/thread_pool.ts), and this class only looks after the threads: starts them, notices when one ends, sends them home.
 */
export class ThreadPool {
  readonly #kernels: Kernels
  readonly #maySleep: boolean
  /** The threads besides the leader's. */
  readonly workers: ReadonlySet<Thread>
  readonly #workers = new Set<Thread>()
  #size = 1
  /** Resolves when the workers that were dismissed have ended. */
  #ending: Promise<unknown> = Promise.resolve()
  /** Why a worker ended that nobody had sent home, until it has been reported. */
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
   * A team of `size`. Rejects with `UNSUPPORTED` when a thread cannot be started, or with the signal's reason; then none
   * is left running.
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
    pool.#setSize(size)
    return pool
  }

  /** Threads that take part, the leader included. */
  get size(): number {
    return this.#size
  }

  /**
   * Does `work`, which calls kernels, on all threads, and returns what it returns. Throws `THREAD_LOST` once when a worker has died: before the work
   * if it was noticed, during it if the worker died with a part of it. What the work was to write is then worthless;
   * the team goes on with the threads that are left.
   */
  run<T>(work: () => T): T {
    if (this.#loss !== undefined) throw this.#lost(this.#loss)
    try {
      return work()
    } catch (cause) {
      if (this.#size === 1 || !(cause instanceof WebAssembly.RuntimeError)) throw cause
      void this.shutDown()
      throw this.#lost('a thread does not finish its part of the work', cause)
    }
  }

  /**
   * Ends the workers' threads, at once; the leader goes on alone. Resolves when they have ended, and with them what they
   * held of the memory. Idempotent.
   */
  async shutDown(): Promise<void> {
    const workers = [...this.#workers]
    this.#ending = Promise.all([this.#ending, ...workers.map(({ ended }) => ended)])
    this.#workers.clear()
    this.#size = 1
    // Those that listen leave the kernels; the others, and what a runtime still does for a thread, end with it.
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
