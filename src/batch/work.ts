import type { Job, Worker } from 'bullmq'
import { abortable, delay } from '../abortable.js'
import { describeFailure } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { type BatchJob, backoff, JOBS, prefixOf } from './queue.js'
import type { RedisConnection } from './redis.js'
import type { Result, ResultResponse } from './result.js'
import { type BatchStore, cancelledResult } from './store.js'

/** How requests are answered. */
export interface WorkOptions {
  readonly connection: RedisConnection
  readonly store: BatchStore
  /** The name of the queue. */
  readonly queue: string
  /** Requests that run at the same time. */
  readonly concurrency: number
  /** How often a request is begun before it has failed: lost workers and servers that fail for now count. */
  readonly attempts: number
  /** Milliseconds after which the requests of a worker that no longer responds are taken by others. */
  readonly lostAfter: number
  /** Answers a request. Rejects if there is no response. */
  readonly answer: (job: BatchJob, signal: AbortSignal) => Promise<Response>
  /** Called when a request has a result. */
  readonly onResult?: (job: BatchJob, result: Result, ms: number) => void
}

/** A worker of a queue. */
export interface BatchWorker {
  /** Takes no more requests and waits for the running ones, until `signal` is aborted: these are given back. Idempotent. */
  stop(options: { readonly signal: AbortSignal }): Promise<void>
  /** Resolves when no request is waiting or running anywhere. Rejects with the signal's reason. */
  untilEmpty(signal: AbortSignal): Promise<void>
}

/** Statuses that another attempt may not have. */
const TEMPORARY: ReadonlySet<number> = new Set([408, 429, 502, 503, 504])
/** Milliseconds between looks whether a batch was cancelled, or the queue is empty. */
const LOOK_DELAY = 500
/** Milliseconds in which running requests are given back. */
const GRACE = 3000
/** Milliseconds between attempts to store something in a Redis that is full. */
const FULL_DELAY = 1000

const STOPPED = Symbol('the worker is stopped')
const CANCELLED = Symbol('the batch was cancelled')

/** A request that is repeated later. */
class Repeated extends Error {}

/** Takes requests from a queue, answers them, and stores their results. */
export function work(options: WorkOptions): BatchWorker {
  return new Working(options)
}

class Working implements BatchWorker {
  readonly #options: WorkOptions
  readonly #worker: Worker<BatchJob>
  readonly #running = new Map<Job<BatchJob>, AbortController>()
  readonly #looking: ReturnType<typeof setInterval>
  #stopped: Promise<void> | undefined

  constructor(options: WorkOptions) {
    this.#options = options
    const { connection, queue, concurrency, lostAfter } = options
    this.#worker = new connection.bullmq.Worker<BatchJob>(JOBS, (job, token) => this.#process(job, token), {
      connection: connection.redis,
      prefix: prefixOf(queue),
      concurrency,
      lockDuration: lostAfter,
      stalledInterval: lostAfter,
      // A request that ends each worker is given up by its number of starts.
      maxStalledCount: 1_000_000,
      runRetryDelay: 1000,
      drainDelay: 2,
      settings: { backoffStrategy: backoff },
    })
    // Connections report themselves; a lost lock means that another worker has the request too, and the first result stays.
    this.#worker.on('error', () => {})
    this.#looking = setInterval(() => void this.#endCancelled().catch(() => {}), LOOK_DELAY)
  }

  stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#stopped ??= this.#stop(signal)
    return this.#stopped
  }

  async untilEmpty(signal: AbortSignal): Promise<void> {
    const queue = new this.#options.connection.bullmq.Queue(JOBS, {
      connection: this.#options.connection.redis,
      prefix: prefixOf(this.#options.queue),
    })
    queue.on('error', () => {})
    for (;;) {
      const counts = await abortable(queue.getJobCounts('waiting', 'active', 'delayed'), signal)
      if (Object.values(counts).every((count) => count === 0)) return
      await delay(LOOK_DELAY, signal)
    }
  }

  async #stop(signal: AbortSignal): Promise<void> {
    const giveBack = () => {
      for (const controller of this.#running.values()) controller.abort(STOPPED)
    }
    if (signal.aborted) giveBack()
    signal.addEventListener('abort', giveBack, { once: true })
    const closed = new AbortController()
    await Promise.race([this.#worker.close().catch(() => {}), gracePeriod(signal, closed.signal)])
    closed.abort()
    signal.removeEventListener('abort', giveBack)
    clearInterval(this.#looking)
  }

  async #process(job: Job<BatchJob>, token: string | undefined): Promise<void> {
    const { batch, index } = job.data
    const since = performance.now()
    const controller = new AbortController()
    this.#running.set(job, controller)
    try {
      const result = await this.#result(job.data, controller.signal)
      if (!result) return
      const stored = await whenNotFull(
        () => this.#options.store.finish(batch, [{ index, result }]),
        controller.signal,
      )
      if (stored > 0) this.#options.onResult?.(job.data, result, performance.now() - since)
    } catch (error) {
      if (controller.signal.reason !== STOPPED) throw error
      await this.#options.store.release(batch, index)
      await job.moveToWait(token)
      throw new this.#options.connection.bullmq.WaitingError()
    } finally {
      this.#running.delete(job)
    }
  }

  /** The result of a request; `undefined` if it has one or its batch is gone. Rejects if it is to be repeated. */
  async #result(job: BatchJob, signal: AbortSignal): Promise<Result | undefined> {
    const { store, attempts } = this.#options
    const { batch, index, customId } = job
    const starts = await whenNotFull(() => store.begin(batch, index), signal)
    if (starts === 'has-result' || starts === 'missing') return undefined
    if (starts === 'cancelled') return cancelledResult(customId)
    if (starts > attempts) {
      const message = `no worker has answered the request in ${attempts} attempts: each was lost`
      return { customId, error: { code: 'worker_lost', message } }
    }
    try {
      const response = await readResponse(await abortable(this.#options.answer(job, signal), signal), signal)
      if (TEMPORARY.has(response.status_code) && starts < attempts) {
        throw new Repeated(`status ${response.status_code}`)
      }
      return { customId, response }
    } catch (error) {
      if (signal.reason === CANCELLED) return cancelledResult(customId)
      if (signal.aborted || error instanceof Repeated || starts < attempts) throw error
      return { customId, error: { code: 'no_response', message: describeFailure(error) } }
    }
  }

  /** Ends the running requests of batches that were cancelled. */
  async #endCancelled(): Promise<void> {
    for (const id of new Set([...this.#running.keys()].map(({ data }) => data.batch))) {
      if (!(await this.#options.store.isCancelled(id))) continue
      for (const [{ data }, controller] of this.#running) if (data.batch === id) controller.abort(CANCELLED)
    }
  }
}

/** Resolves some time after `signal` is aborted, or with `closed`: nothing can be given back to a Redis that does not answer. */
async function gracePeriod(signal: AbortSignal, closed: AbortSignal): Promise<void> {
  try {
    await abortable(aborted(signal), closed)
    await delay(GRACE, closed)
  } catch {
    // Closed.
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Repeats a change while Redis has no memory for it, so that no answer is lost. */
async function whenNotFull<T>(change: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await change()
    } catch (error) {
      if (!(error instanceof DasllamaError && error.code === 'OUT_OF_MEMORY')) throw error
      await delay(FULL_DELAY, signal)
    }
  }
}

async function readResponse(response: Response, signal: AbortSignal): Promise<ResultResponse> {
  const text = await abortable(response.text(), signal)
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    // A page of a proxy, for example.
    body = text.slice(0, 10_000)
  }
  return { status_code: response.status, request_id: response.headers.get('x-request-id'), body }
}
