import type { Queue } from 'bullmq'
import type { RedisConnection } from './redis.js'

/** A request in the queue. */
export interface BatchJob {
  /** The id of its batch. */
  readonly batch: string
  /** Its position in the batch, from 0. */
  readonly index: number
  readonly customId: string
  readonly url: string
  /** The body as JSON. */
  readonly body: string
}

/** A job with its id. An id that is in the queue already is not added again. */
interface NamedJob {
  readonly name: string
  readonly data: BatchJob
  readonly opts: object
}

/** The name of the queue within its prefix. */
export const JOBS = 'jobs'
/** Milliseconds before the first repetition of a request that has failed for now; each further one waits twice as long. */
const FIRST_DELAY = 500
const MAX_DELAY = 60_000

/** The prefix of all keys of a queue; the braces keep them on one node of a cluster. */
export function prefixOf(queue: string): string {
  return `{dasllama:${queue}}`
}

/** Opens the queue of requests with its name. */
export function openQueue({ redis, bullmq }: RedisConnection, queue: string): Queue<BatchJob> {
  const opened = new bullmq.Queue<BatchJob>(JOBS, { connection: redis, prefix: prefixOf(queue) })
  // Reported by the connection and by the call that fails.
  opened.on('error', () => {})
  return opened
}

/** A request as a job. It is repeated until a worker gives it a result, so the queue itself never gives up. */
export function namedJob(data: BatchJob): NamedJob {
  return {
    name: 'request',
    data,
    opts: {
      jobId: jobId(data.batch, data.index),
      attempts: 1_000_000,
      backoff: { type: 'custom' },
      removeOnComplete: true,
      removeOnFail: true,
      stackTraceLimit: 0,
    },
  }
}

/** How long a request waits that has failed so often, in milliseconds. */
export function backoff(failures: number): number {
  return Math.min(FIRST_DELAY * 2 ** (failures - 1), MAX_DELAY)
}

/** Removes the jobs of a batch that no worker has begun. */
export async function removeJobs(queue: Queue<BatchJob>, batch: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    const indexes = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => from + i)
    await Promise.all(indexes.map((index) => queue.remove(jobId(batch, index))))
  }
}

const AT_ONCE = 100

function jobId(batch: string, index: number): string {
  return `${batch}-${index}`
}
