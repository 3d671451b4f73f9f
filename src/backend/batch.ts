import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { Executable } from './executable.js'
import type { SequenceMemory } from './memory.js'

/** Largest number of rows in a batch. */
export const MAX_ROWS = 128

/**
 * How rows are computed. `prefill`: as a matrix product (GEMM), where a row's bits do not depend on how a prompt is cut
 * into batches. `decode`: each row as a matrix-vector product (GEMV), with the bits of a batch of that row alone. The two
 * sum in different orders, so a row's bits depend on its phase and on those of the rows before it, and on nothing else.
 */
const PHASES = ['decode', 'prefill'] as const
export type Phase = (typeof PHASES)[number]

/** Results that a batch can return for its output rows. */
const WANTS = ['logits', 'hidden', 'both'] as const

/** Rows from which on a matrix product is faster than matrix-vector products. */
const MIN_PREFILL = 4

/** The phase of a prompt of `tokens` tokens: one for all of it, however it is cut and however much of it is cached. */
export function phaseOf(tokens: number): Phase {
  return tokens >= MIN_PREFILL ? 'prefill' : 'decode'
}

/** Consecutive rows of a batch that belong to one sequence. */
export interface Run {
  /** The memory to which they are appended; their positions continue it. */
  readonly memory: SequenceMemory
  readonly firstRow: number
  readonly rows: number
  readonly phase: Phase
}

/** What a model evaluates in one pass: tokens of one or more sequences, a row per token. */
export interface Batch {
  /** A token per row, 1 to `MAX_ROWS` rows. */
  readonly ids: ArrayLike<number>
  /** Each row's position in its sequence. */
  readonly positions: ArrayLike<number>
  /** All rows, in order, each in one run. */
  readonly runs: readonly Run[]
  /** Rows whose results are returned, ascending. */
  readonly outputs: readonly number[]
  /**
   * Their results: `logits`, f32[vocabSize], the `hidden` state after the output norm, f32[embeddingLength], or `both`, the
   * hidden state after the logits. Default `logits`.
   */
  readonly want?: (typeof WANTS)[number]
  /** For a draft head: the hidden state of the token before each row's, f32[rows][embeddingLength]. */
  readonly states?: Float32Array | undefined
  /** Checked at every pause. Once aborted, the batch rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Takes the result of one output row, in the order of `outputs`. `values` is a view that is valid until this returns; `ms`
 * are the milliseconds that were spent computing so far. If it returns a promise, the batch waits for it. What it throws or
 * rejects with rejects the batch; the last output is taken when nothing else can fail any more.
 */
export type TakeOutput = (row: number, values: Float32Array, ms: number) => void | Promise<void>

/** A batch of one run that continues `memory`. */
export function batchOf(
  ids: ArrayLike<number>,
  { memory, phase, ...rest }: Pick<Run, 'memory' | 'phase'> & Omit<Batch, 'ids' | 'positions' | 'runs'>,
): Batch {
  const positions = new Int32Array(ids.length)
  for (let row = 0; row < positions.length; row++) positions[row] = memory.length + row
  return { ids, positions, runs: [{ memory, firstRow: 0, rows: ids.length, phase }], ...rest }
}

/**
 * Throws `INVALID_ARGUMENT` for an inconsistent batch: rows outside of runs, two runs on one memory, positions that do not
 * continue a memory, outputs that are not rows, ids outside of the vocabulary, an unknown `want`, states for what is no
 * draft head, or too few. `owns`: whether a memory belongs to the executable and has not been disposed.
 */
export function checkBatch(
  batch: Batch,
  { vocabSize, stateLength }: Pick<Executable, 'vocabSize' | 'stateLength'>,
  owns: (memory: SequenceMemory) => boolean,
): void {
  const { ids, positions, runs, outputs, want = 'logits', states, signal } = batch
  const rows = ids.length
  if (!(rows >= 1 && rows <= MAX_ROWS)) throw invalid(`it has ${rows} rows; 1 to ${MAX_ROWS} are possible`)
  if (positions.length !== rows) throw invalid(`it has ${rows} ids and ${positions.length} positions`)
  for (let row = 0; row < rows; row++) {
    const id = ids[row]
    if (Number.isInteger(id) && id >= 0 && id < vocabSize) continue
    throw invalid(`row ${row}: token ${describeValue(id)} is not in the vocabulary (0 to ${vocabSize - 1})`)
  }
  let next = 0
  const memories = new Set<SequenceMemory>()
  for (const [index, run] of runs.entries()) {
    const where = `run ${index}`
    if (run.firstRow !== next) throw invalid(`${where} begins at row ${run.firstRow}, not at ${next}`)
    if (!(Number.isInteger(run.rows) && run.rows >= 1 && next + run.rows <= rows)) {
      throw invalid(`${where} has ${describeValue(run.rows)} rows; ${rows - next} are left`)
    }
    if (!PHASES.includes(run.phase)) throw invalid(`${where}: phase ${describeValue(run.phase)} is unknown`)
    if (!owns(run.memory)) throw invalid(`${where}: its memory is disposed or belongs to another model`)
    if (memories.has(run.memory)) throw invalid(`${where}: an earlier run has the same memory`)
    memories.add(run.memory)
    for (let row = 0; row < run.rows; row++) {
      const expected = run.memory.length + row
      if (positions[next + row] === expected) continue
      throw invalid(
        `row ${next + row} is at position ${describeValue(positions[next + row])}, not at ${expected}, where ${where}'s memory continues`,
      )
    }
    next += run.rows
  }
  if (next !== rows) throw invalid(`rows ${next} to ${rows - 1} are not in any run`)
  let last = -1
  for (const row of outputs) {
    if (!(Number.isInteger(row) && row > last && row < rows)) {
      throw invalid(`output row ${describeValue(row)}; rows 0 to ${rows - 1} in ascending order are possible`)
    }
    last = row
  }
  if (!WANTS.includes(want)) {
    throw invalid(`want is ${describeValue(want)}; "logits", "hidden" and "both" are possible`)
  }
  if ((states?.length ?? 0) !== rows * stateLength) {
    throw invalid(`it has ${states?.length ?? 0} values of hidden states; ${rows * stateLength} are needed`)
  }
  signal?.throwIfAborted()
}

function invalid(what: string): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', `the batch is invalid: ${what}`)
}
