import { type Batch, MAX_ROWS } from '../backend/batch.js'
import type { Job } from './work.js'

/** The next rows of a work, which go into one batch with those of others. */
export interface Slice {
  readonly job: Job
  readonly rows: number
}

/**
 * Fewest rows of prompts in a batch, if that many are left: a smaller matrix product costs almost as much. They are reserved
 * for a waiting prompt however many sequences decode.
 */
const MIN_SLICE_ROWS = 16

/** Most tokens of a draft: with the token before it, a pass has as many rows as the kernels take at once. */
export const MAX_DRAFT = 15

/** Most rows of a work that goes whole with the decodes: a generated token with the longest draft behind it. */
const MAX_DECODE_ROWS = 1 + MAX_DRAFT

/** Whether it is a generated token or a few, which must not wait for prompts, rather than a stretch that can be cut. */
export function isDecode({ work, remaining }: Job): boolean {
  return work.phase === 'decode' && remaining <= MAX_DECODE_ROWS
}

/**
 * Passes that one step of priority is worth: who waits is overtaken only by those who come within so many passes for each step,
 * so nobody starves. Passes instead of milliseconds, because the clocks of some runtimes stand still while they compute.
 */
const PASSES_PER_PRIORITY = 16

/** The same jobs in the order in which they are to be served: by priority and by how long they have waited. */
export function byPriority(waiting: readonly Job[]): readonly Job[] {
  if (waiting.every(({ work }) => !work.priority)) return waiting
  const rank = ({ work, waitsSince }: Job) => waitsSince + (work.priority ?? 0) * PASSES_PER_PRIORITY
  return [...waiting].sort((a, b) => rank(a) - rank(b))
}

/**
 * Chooses the next batch among `waiting`, which begins with the one that is to be served first. The first one decides what is
 * wanted of the batch; of those that want the same come all decodes that fit, then slices of prompts, `promptRows` rows
 * altogether. Rows that are computed as decodes stand before the others.
 */
export function pack(waiting: readonly Job[], promptRows: number): Slice[] {
  const candidates = waiting.filter(({ want }) => want === waiting[0].want)
  const decodes = candidates.filter(isDecode)
  const prompts = candidates.filter((job) => !isDecode(job))
  const reserved = Math.min(
    MIN_SLICE_ROWS,
    prompts.reduce((sum, { remaining }) => sum + remaining, 0),
  )
  const first = fill(decodes, MAX_ROWS - reserved)
  const slices = fill(prompts, Math.min(promptRows, MAX_ROWS - rowsOf(first)))
  const of = (phase: Job['work']['phase']) => slices.filter(({ job }) => job.work.phase === phase)
  return [...first, ...of('decode'), ...of('prefill')]
}

export function rowsOf(slices: readonly Slice[]): number {
  return slices.reduce((sum, { rows }) => sum + rows, 0)
}

/** A batch of these slices. Memories must have all rows before them. */
export function batchOfSlices(slices: readonly Slice[], signal: AbortSignal | undefined): Batch {
  const rows = rowsOf(slices)
  const ids = new Int32Array(rows)
  const positions = new Int32Array(rows)
  const outputs: number[] = []
  let firstRow = 0
  const runs = slices.map(({ job, rows }) => {
    const { memory, phase } = job.work
    ids.set(job.nextIds(rows), firstRow)
    for (let row = 0; row < rows; row++) positions[firstRow + row] = memory.length + row
    for (const row of job.nextOutputs(rows)) outputs.push(firstRow + row)
    const run = { memory, firstRow, rows, phase }
    firstRow += rows
    return run
  })
  return { ids, positions, runs, outputs, want: slices[0].job.want, signal }
}

function fill(jobs: readonly Job[], room: number): Slice[] {
  const slices: Slice[] = []
  for (const job of jobs) {
    const rows = Math.min(job.remaining, room)
    if (rows <= 0) break
    slices.push({ job, rows })
    room -= rows
  }
  return slices
}

/** What a pass may take that somebody's next token waits for, in milliseconds: five tokens per second are still read as a flow. */
const TARGET_MS = 200

/** Adapts how many rows of prompts a batch has when somebody decodes, by what passes have taken. */
export class SliceLength {
  /** A guess, until a pass has been measured. */
  #rows = 2 * MIN_SLICE_ROWS

  /** 16 to 128. */
  get rows(): number {
    return this.#rows
  }

  /** A pass with `rows` rows of prompts took `ms`. A clock that stands still changes nothing. */
  took(rows: number, ms: number): void {
    // The fixed part of a pass, reading the weights, would count too much in a shorter one.
    if (rows < MIN_SLICE_ROWS || !(ms > 0)) return
    const fitting = Math.round((rows * TARGET_MS) / ms)
    this.#rows = Math.min(MAX_ROWS, Math.max(MIN_SLICE_ROWS, fitting))
  }
}
