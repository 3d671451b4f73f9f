import type { Redis } from 'ioredis'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { redisError } from './redis.js'
import { isSuccess, type Result, resultLine } from './result.js'
import { SCRIPTS } from './scripts.js'

/** The state of a batch, in OpenAI's words; `validating` while requests are still being added. */
export type BatchStatus = 'validating' | 'in_progress' | 'completed' | 'cancelling' | 'cancelled'

/** A batch. Times are in seconds since 1970. */
export interface Batch {
  readonly id: string
  readonly status: BatchStatus
  /** The name of the input file, and its size in bytes. */
  readonly file: string
  readonly bytes: number
  /** How much of the file has been read. */
  readonly readBytes: number
  readonly createdAt: number
  /** When the first request was begun. */
  readonly begunAt: number | undefined
  /** When the last result was stored. */
  readonly endedAt: number | undefined
  readonly total: number
  readonly succeeded: number
  readonly failed: number
}

/** What became of a line that was to be added: see `SCRIPTS.admit`. */
export type Admission = 'queue' | 'has-result' | 'duplicate'

/** A request of a batch, by index from 0, with its result. */
export interface IndexedResult {
  readonly index: number
  readonly result: Result
}

/** Entries per call: Redis does nothing else during one. */
const PER_CALL = 200
const ADMISSIONS: readonly Admission[] = ['has-result', 'queue', 'duplicate']

/** Batches in Redis: their counts and results. Methods reject with what `redisError` returns. */
export class BatchStore {
  readonly #redis: Redis
  readonly #prefix: string

  /** `prefix`: of all keys. */
  constructor(redis: Redis, prefix: string) {
    this.#redis = redis
    this.#prefix = prefix
  }

  /** Makes a batch without requests. Rejects with `INVALID_ARGUMENT` if there is one with this id. */
  async create(
    id: string,
    { file, bytes }: { readonly file: string; readonly bytes: number },
  ): Promise<void> {
    const [key] = this.#keys(id)
    const isNew = await this.#call(() => this.#redis.hsetnx(key, 'id', id as string))
    if (!isNew) throw new DasllamaError('INVALID_ARGUMENT', `there is a batch ${id} already`)
    const now = seconds()
    const counts = { total: 0, read: 0, succeeded: 0, failed: 0, submitted: 0 }
    await this.#call(() => this.#redis.hset(key, { file, bytes, created_at: now, ...counts }))
    await this.#call(() => this.#redis.zadd(this.#list, now, id))
  }

  /** Rejects with `NOT_FOUND`. */
  async get(id: string): Promise<Batch> {
    const fields = await this.#call(() => this.#redis.hgetall(this.#keys(id)[0]))
    if (fields.created_at === undefined) throw this.#missing(id)
    return batchOf(fields)
  }

  /** All batches, the oldest first. */
  async list(): Promise<Batch[]> {
    const ids = await this.#call(() => this.#redis.zrange(this.#list, 0, '-1'))
    const all = await Promise.all(ids.map((id) => this.#call(() => this.#redis.hgetall(this.#keys(id)[0]))))
    return all.filter(({ created_at }) => created_at !== undefined).map(batchOf)
  }

  /**
   * Adds requests, or finds that they were added already. `end`: the number of requests with these. Rejects with `NOT_FOUND`,
   * and with `INVALID_ARGUMENT` if the batch is cancelled.
   */
  async admit(
    id: string,
    requests: readonly { readonly index: number; readonly customId: string }[],
    { end, readBytes }: { readonly end: number; readonly readBytes: number },
  ): Promise<Admission[]> {
    const each = requests.flatMap(({ index, customId }) => [index, customId])
    const admitted = (await this.#eval('admit', id, [end, readBytes, ...each])) as number[]
    if (admitted[0] === -1) throw new DasllamaError('INVALID_ARGUMENT', `the batch ${id} was cancelled`)
    if (admitted.length < requests.length) throw this.#missing(id)
    return admitted.map((number) => ADMISSIONS[number])
  }

  /** All requests have been added. */
  async seal(id: string): Promise<void> {
    if (!(await this.#eval('seal', id, [seconds()]))) throw this.#missing(id)
  }

  /** A worker begins a request: how often it was begun, with this time, or why there is nothing to do. */
  async begin(id: string, index: number): Promise<number | 'has-result' | 'cancelled' | 'missing'> {
    const answer = Number(await this.#eval('begin', id, [index, seconds()]))
    if (answer > 0) return answer
    return answer === 0 ? 'has-result' : answer === -1 ? 'cancelled' : 'missing'
  }

  /** A worker that is stopped gives a request back, so that this start does not count. */
  async release(id: string, index: number): Promise<void> {
    await this.#eval('release', id, [index])
  }

  /** Stores results; of several for one request, the first stays. Returns how many were stored. */
  async finish(id: string, results: readonly IndexedResult[]): Promise<number> {
    let stored = 0
    for (let i = 0; i < results.length; i += PER_CALL) {
      const each = results
        .slice(i, i + PER_CALL)
        .flatMap(({ index, result }) => [
          index,
          resultLine(id, index, result),
          isSuccess(result) ? 'succeeded' : 'failed',
        ])
      stored += Number(await this.#eval('finish', id, [seconds(), ...each]))
    }
    return stored
  }

  /**
   * Cancels a batch: requests without a result get one that says so. Returns the number of its requests. Rejects with `NOT_FOUND`, and
   * with `INVALID_ARGUMENT` if it has ended.
   */
  async cancel(id: string): Promise<number> {
    const total = Number(await this.#eval('cancel', id, []))
    if (total === -2) throw this.#missing(id)
    if (total === -1) throw new DasllamaError('INVALID_ARGUMENT', `the batch ${id} has ended`)
    const customIds = await this.#customIds(id)
    for (let from = 0; from < total; from += PER_CALL) {
      const indexes = Array.from({ length: Math.min(PER_CALL, total - from) }, (_, i) => from + i)
      await this.finish(
        id,
        indexes.map((index) => ({ index, result: cancelledResult(customIds.get(index) ?? null) })),
      )
    }
    await this.seal(id)
    return total
  }

  async isCancelled(id: string): Promise<boolean> {
    return (await this.#call(() => this.#redis.hget(this.#keys(id)[0], 'cancelled'))) === '1'
  }

  /** The lines of results in the order of the requests; those without a result are left out. */
  async *results(id: string): AsyncGenerator<string> {
    const { total } = await this.get(id)
    const [, key] = this.#keys(id)
    for (let from = 0; from < total; from += PER_CALL) {
      const indexes = Array.from({ length: Math.min(PER_CALL, total - from) }, (_, i) => String(from + i))
      for (const line of await this.#call(() => this.#redis.hmget(key, ...indexes))) {
        if (line !== null) yield line
      }
    }
  }

  /** Removes a batch with its results. Workers drop requests of it that are still in the queue. */
  async delete(id: string): Promise<void> {
    await this.#call(() => this.#redis.unlink(...this.#keys(id)))
    await this.#call(() => this.#redis.zrem(this.#list, id))
  }

  get #list(): string {
    return `${this.#prefix}:batches`
  }

  #keys(id: string): [batch: string, results: string, customIds: string, starts: string] {
    const batch = `${this.#prefix}:batches:${id}`
    return [batch, `${batch}:results`, `${batch}:ids`, `${batch}:starts`]
  }

  /** The `custom_id` of each request by index. */
  async #customIds(id: string): Promise<Map<number, string>> {
    const [, , key] = this.#keys(id)
    const found = new Map<number, string>()
    for (let cursor = '0'; ; ) {
      const [next, entries] = await this.#call(() => this.#redis.hscan(key, cursor, 'COUNT', PER_CALL))
      for (let i = 0; i < entries.length; i += 2) found.set(Number(entries[i + 1]), entries[i])
      if (next === '0') return found
      cursor = next
    }
  }

  #eval(script: keyof typeof SCRIPTS, id: string, args: readonly (string | number)[]): Promise<unknown> {
    const keys = this.#keys(id)
    return this.#call(() => this.#redis.eval(SCRIPTS[script], keys.length, ...keys, ...args))
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw redisError(error)
    }
  }

  #missing(id: string): DasllamaError {
    return new DasllamaError('NOT_FOUND', `there is no batch ${describeValue(id)}`, {
      hint: 'dasllama batch status lists them; Redis keeps them over a restart with appendonly yes',
    })
  }
}

/** The result of a request of a cancelled batch. */
export function cancelledResult(customId: string | null): Result {
  return {
    customId,
    error: { code: 'batch_cancelled', message: 'the batch was cancelled before this request ended' },
  }
}

function batchOf(fields: Readonly<Record<string, string>>): Batch {
  const number = (name: string) => (fields[name] === undefined ? undefined : Number(fields[name]))
  const endedAt = number('ended_at')
  return {
    id: fields.id,
    status: statusOf(fields.cancelled === '1', fields.submitted === '1', endedAt !== undefined),
    file: fields.file,
    bytes: Number(fields.bytes),
    readBytes: Number(fields.read),
    createdAt: Number(fields.created_at),
    begunAt: number('begun_at'),
    endedAt,
    total: Number(fields.total),
    succeeded: Number(fields.succeeded),
    failed: Number(fields.failed),
  }
}

function statusOf(isCancelled: boolean, isSubmitted: boolean, hasEnded: boolean): BatchStatus {
  if (isCancelled) return hasEnded ? 'cancelled' : 'cancelling'
  if (!isSubmitted) return 'validating'
  return hasEnded ? 'completed' : 'in_progress'
}

function seconds(): number {
  return Math.floor(Date.now() / 1000)
}
