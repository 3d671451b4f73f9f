import { MAX_ROWS, type TakeOutput } from '../backend/batch.js'
import type { SequenceMemory } from '../backend/memory.js'
import { DasllamaError, type ErrorCode } from '../errors.js'
import { pause } from '../platform/pause.js'
import type { CounterMeter } from './counters.js'
import { batchOfSlices, byPriority, isDecode, pack, rowsOf, type Slice, SliceLength } from './packing.js'
import type { SessionRegistry } from './session-registry.js'
import { Job, type Work } from './work.js'

export interface SchedulerOptions {
  /** What runs the batches. */
  readonly engine: Pick<SessionRegistry, 'run'>
  /** Counts the passes. Default: nothing does. */
  readonly counters?: CounterMeter
  /** Lets the event loop run once. Default `pause`. */
  readonly turn?: () => Promise<void>
}

/**
 * Shares a model among its sequences: one batch runs at a time, and each has rows of as many sequences as wait for it.
 * Decodes come first, then slices of prompts; the sequence that has waited longest is served first, so that nobody starves. A
 * priority counts as passes that a sequence has waited more, or less.
 *
 * A sequence's bits do not depend on what else is in its batches, nor on how its rows are cut. And no failure does: where a
 * batch of several fails, those who are not the reason are run again.
 */
export class Scheduler {
  readonly #engine: SchedulerOptions['engine']
  readonly #turn: () => Promise<void>
  readonly #counters: CounterMeter | undefined
  readonly #sliceLength = new SliceLength()
  /** The one that has waited longest is the first. */
  #waiting: Job[] = []
  /** Passes so far. */
  #passes = 0
  /** Whether a pass, or what follows a failed one, is running. */
  #isServing = false
  /** The pass that runs. */
  #pass: { readonly slices: readonly Slice[]; readonly controller: AbortController | undefined } | undefined
  /** Sequences that are about to come: a batch waits for them, a turn of the event loop at most. */
  readonly #expected = new Set<SequenceMemory>()
  /** Counts waits for expected sequences, so that one that is over ends no other. */
  #waits = 0
  /** Sequences that the latest pass has decoded. */
  #decoded: readonly SequenceMemory[] = []

  constructor({ engine, counters, turn = pause }: SchedulerOptions) {
    this.#engine = engine
    this.#counters = counters
    this.#turn = turn
  }

  /**
   * Resolves when all rows are in the memory. Rejects with the signal's reason, what `take` throws, and as `Executable.run`
   * does; then the memory has the rows that `advanced` was called for, and no others.
   */
  run(work: Work): Promise<void> {
    const job = new Job(work, (aborted) => this.#abort(aborted))
    job.rejectIfAborted()
    this.#expected.delete(work.memory)
    if (!job.hasEnded) this.#await(job)
    this.#serveNext()
    return job.ended
  }

  /** Works on these memories come in this turn of the event loop: they are to share a batch. */
  expect(memories: Iterable<SequenceMemory>): void {
    for (const memory of memories) this.#expected.add(memory)
    if (this.#expected.size > 0) void this.#stopExpecting()
  }

  /** Starts a pass if there is something to do and nobody to wait for. At once: a single sequence never waits for a turn. */
  #serveNext(): void {
    if (this.#isServing || this.#waiting.length === 0 || this.#expected.size > 0) return
    void this.#serveWaiting()
  }

  async #serveWaiting(): Promise<void> {
    this.#passes++
    const slices = pack(byPriority(this.#waiting), this.#promptRows())
    const jobs = slices.map(({ job }) => job)
    const chosen = new Set(jobs)
    this.#decoded = jobs.filter(isDecode).map(({ work }) => work.memory)
    this.#waiting = this.#waiting.filter((job) => !chosen.has(job))
    this.#waits++
    this.#isServing = true
    await this.#serve(slices)
    this.#isServing = false
    for (const job of jobs) if (!job.hasEnded) this.#await(job)
    // Alone, a sequence that comes again finds everything free.
    if (jobs.length > 1 || this.#waiting.length > 0) this.expect(this.#notYetBack(jobs))
    this.#serveNext()
  }

  #await(job: Job): void {
    job.waitsSince = this.#passes
    this.#waiting.push(job)
  }

  /** How many rows of prompts the next batch may have: few, if somebody would wait for all of them to get a next token. */
  #promptRows(): number {
    const own = new Set(this.#waiting.map(({ work }) => work.memory))
    const isAnyoneDecoding = this.#waiting.some(isDecode) || this.#decoded.some((memory) => !own.has(memory))
    return isAnyoneDecoding ? this.#sliceLength.rows : MAX_ROWS
  }

  /** The sequences whose work is done and that have not come with more: most generate, and sample their next token now. */
  #notYetBack(jobs: readonly Job[]): Set<SequenceMemory> {
    const done = new Set(jobs.filter(({ remaining }) => remaining === 0).map(({ work }) => work.memory))
    for (const { work } of this.#waiting) done.delete(work.memory)
    return done
  }

  /** Runs slices in one pass and, should it fail, those again that are not the reason. Afterwards each job has advanced or ended. */
  async #serve(slices: readonly Slice[]): Promise<void> {
    const group = slices.filter(({ job }) => !job.hasEnded)
    if (group.length === 0) return
    const failure = await this.#run(group)
    if (!failure) return
    if (group.length > 1) {
      for (const { job } of group) job.rejectIfAtFault()
      // With no newcomers, so that each failure makes it smaller.
      if (group.some(({ job }) => job.hasEnded)) return this.#serve(group)
      if (!concernsAll(failure.reason)) {
        for (const slice of group) await this.#serve([slice])
        return
      }
    }
    for (const { job } of group) job.reject(failure.reason)
  }

  /** Runs slices in one pass, and has their jobs advance. Resolves with the reason if it fails. */
  async #run(slices: readonly Slice[]): Promise<{ readonly reason: unknown } | undefined> {
    // Each participant's signal aborts the pass, see `#abort`.
    const controller = slices.length > 1 ? new AbortController() : undefined
    const batch = batchOfSlices(slices, controller?.signal ?? slices[0].job.work.signal)
    const take: TakeOutput = (row, values) => {
      const index = batch.runs.findIndex(({ firstRow, rows }) => row < firstRow + rows)
      slices[index].job.take(row - batch.runs[index].firstRow, values)
    }
    this.#pass = { slices, controller }
    try {
      const ms = await this.#engine.run(batch, take)
      this.#sliceLength.took(rowsOf(slices.filter(({ job }) => !isDecode(job))), ms)
      this.#counters?.passed({ sequences: slices.length, rows: rowsOf(slices), ms })
      for (const { job, rows } of slices) job.advance(rows, ms)
      return undefined
    } catch (reason) {
      return { reason }
    } finally {
      this.#pass = undefined
    }
  }

  /** A signal was aborted: what waits ends at once; what is in a pass, when the pass no longer writes to its memory. */
  #abort(job: Job): void {
    const isRunning = this.#pass?.slices.some((slice) => slice.job === job)
    if (isRunning) {
      this.#pass?.controller?.abort()
    } else {
      job.rejectIfAborted()
      this.#waiting = this.#waiting.filter((other) => other !== job)
    }
  }

  /** Ends the wait for the sequences that are expected after one turn of the event loop. */
  async #stopExpecting(): Promise<void> {
    const wait = ++this.#waits
    await this.#turn()
    if (wait !== this.#waits) return
    this.#expected.clear()
    this.#serveNext()
  }
}

const LOSSES: readonly ErrorCode[] = ['THREAD_LOST', 'ENGINE_LOST', 'DISPOSED']

/** Whether an error says nothing about the batch: the engine is gone, or one of its threads. */
function concernsAll(error: unknown): boolean {
  return error instanceof DasllamaError && LOSSES.includes(error.code)
}
