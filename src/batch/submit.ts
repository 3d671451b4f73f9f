import type { Queue } from 'bullmq'
import { abortable, delay } from '../abortable.js'
import type { ByteSource } from '../storage/source.js'
import { LineError } from './line-error.js'
import { type Line, readLines } from './lines.js'
import { type BatchJob, namedJob } from './queue.js'
import { redisError } from './redis.js'
import { type BatchRequest, customIdOf, readRequest } from './request.js'
import type { BatchStore, IndexedResult } from './store.js'

/** How a file is submitted. */
export interface SubmitOptions {
  readonly store: BatchStore
  readonly queue: Queue<BatchJob>
  /** The id of the batch, which exists. What it has already is not added again. */
  readonly id: string
  readonly source: Pick<ByteSource, 'size' | 'read'>
  /** Requests that may wait for workers; adding more waits. */
  readonly maxWaiting: number
  readonly signal: AbortSignal
  /** Called with bytes that were read and the number of requests so far. */
  readonly onProgress?: (readBytes: number, requests: number) => void
  /** Called when adding waits for the workers: the number of waiting requests. */
  readonly onFull?: (waiting: number) => void
  /** Called for each line that is not a request, which gets a result that says why. */
  readonly onBadLine?: (line: number, error: LineError) => void
}

/** What was submitted. */
export interface Submitted {
  readonly requests: number
  readonly badLines: number
}

/** Requests, and bytes of them, that are added at once. */
const CHUNK_REQUESTS = 100
const CHUNK_BYTES = 2 ** 20
/** Milliseconds between looks at a full queue. */
const FULL_DELAY = 250

/** A line of the file: a request, or what is wrong with it. */
interface Entry {
  readonly line: number
  readonly index: number
  readonly customId: string | null
  readonly request?: BatchRequest
  readonly error?: LineError
}

/**
 * Adds the requests of a file to a batch, piece by piece: the file is never held in memory, and no more requests wait in Redis than
 * `maxWaiting` allows. Idempotent: a submission that was interrupted can be repeated. Rejects with what the source, the
 * store and the signal reject with.
 */
export async function submit(options: SubmitOptions): Promise<Submitted> {
  const { id, store, source, signal } = options
  let entries: Entry[] = []
  let bytes = 0
  let index = 0
  let badLines = 0
  const flush = async (readBytes: number) => {
    badLines += await addEntries(entries, { end: index, readBytes }, options)
    options.onProgress?.(readBytes, index)
    entries = []
    bytes = 0
  }
  for await (const { line, end } of readLines(source, signal)) {
    entries.push(entryOf(line, index++))
    bytes += line.text?.length ?? 0
    if (entries.length >= Math.min(CHUNK_REQUESTS, options.maxWaiting) || bytes >= CHUNK_BYTES)
      await flush(end)
  }
  await flush(source.size)
  await abortable(store.seal(id), signal)
  return { requests: index, badLines }
}

function entryOf({ number, text, problem }: Line, index: number): Entry {
  if (problem) return { line: number, index, customId: null, error: problem }
  try {
    const request = readRequest(text)
    return { line: number, index, customId: request.customId, request }
  } catch (error) {
    if (!(error instanceof LineError)) throw error
    return { line: number, index, customId: customIdOf(text), error }
  }
}

/** Returns how many of the lines are not requests. */
async function addEntries(
  entries: readonly Entry[],
  position: { readonly end: number; readonly readBytes: number },
  options: SubmitOptions,
): Promise<number> {
  const { id, store, queue, signal } = options
  await roomInQueue(entries.length, options)
  const requests = entries.flatMap(({ index, customId, request }) => {
    return request && customId !== null ? [{ index, customId }] : []
  })
  const admissions = await abortable(store.admit(id, requests, position), signal)
  const admission = new Map(requests.map(({ index }, i) => [index, admissions[i]]))
  const bad = entries.flatMap(({ error, ...entry }): (Entry & { readonly error: LineError })[] => {
    if (error) return [{ ...entry, error }]
    if (admission.get(entry.index) !== 'duplicate') return []
    const twice = `custom_id ${JSON.stringify(entry.customId)} is that of an earlier line`
    return [{ ...entry, error: new LineError('duplicate_custom_id', twice) }]
  })
  const jobs = entries.flatMap(({ index, request }) => {
    if (!request || admission.get(index) !== 'queue') return []
    return [namedJob({ batch: id, index, ...request })]
  })
  if (bad.length > 0) await abortable(store.finish(id, bad.map(badLineResult)), signal)
  if (jobs.length > 0) await abortable(queue.addBulk(jobs).catch(rethrown), signal)
  for (const { line, error } of bad) options.onBadLine?.(line, error)
  return bad.length
}

function badLineResult({
  line,
  index,
  customId,
  error,
}: Entry & { readonly error: LineError }): IndexedResult {
  const message = `line ${line}: ${error.message}`
  return { index, result: { customId, error: { code: error.code, message, line } } }
}

/** Waits until so many more requests may wait. */
async function roomInQueue(
  count: number,
  { queue, maxWaiting, signal, onFull }: SubmitOptions,
): Promise<void> {
  for (;;) {
    const { waiting = 0, delayed = 0 } = await abortable(
      queue.getJobCounts('waiting', 'delayed').catch(rethrown),
      signal,
    )
    if (waiting + delayed + count <= maxWaiting) return
    onFull?.(waiting + delayed)
    await delay(FULL_DELAY, signal)
  }
}

function rethrown(error: unknown): never {
  throw redisError(error)
}
