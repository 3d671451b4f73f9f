import type { Phase } from '../../batch.js'
import type { TextMemory } from '../encoder/text-memory.js'
import type { Pointer } from '../kernels.js'
import type { KvMemory } from '../kv-memory.js'
import type { WorkKind } from '../slicer.js'

/** Rows of one sequence in a batch. */
export interface PassRun {
  readonly memory: KvMemory
  readonly firstRow: number
  readonly rows: number
  readonly phase: Phase
  /** Position of its first row. */
  readonly position: number
  /** The memory's page tables in the kernels' memory, one per group of layers. */
  readonly pageTables: readonly Pointer[]
  /** The states of its recurrent memories; `undefined` if it has none. */
  readonly states: RunStates | undefined
}

/** Spans of states in the kernels' memory, as `stateLayout` has them. */
export interface RunStates {
  /** Before the run's first row: to be read only, because other sequences may have it too. */
  readonly from: Pointer
  /**
   * Where the run writes states: in phase `decode` one after each row, in `prefill` one after the last row. What it writes counts
   * once the batch has succeeded, and is never written again.
   */
  readonly after: readonly Pointer[]
}

/** Consecutive rows with the same phase. */
export interface Segment {
  readonly firstRow: number
  readonly rows: number
  readonly phase: Phase
}

/** A batch on its way through the steps. */
export interface Pass {
  /** Token and position of each row. */
  readonly ids: ArrayLike<number>
  readonly positions: ArrayLike<number>
  readonly rows: number
  readonly runs: readonly PassRun[]
  readonly segments: readonly Segment[]
  /** The text of an encoder's pass. */
  readonly text?: TextMemory
}

/**
 * One step of a pass: kernel calls for one segment or run of the batch after another, cut into slices if they take long.
 * No sum crosses a slice.
 */
export interface Step {
  /** Number of units (segments, runs, or 1) in a pass. */
  units(pass: Pass): number
  /** The kind by which its speed is measured; `undefined` if it takes next to no time. */
  kind(pass: Pass, unit: number): WorkKind | undefined
  /** Multiply-adds. */
  size(pass: Pass, unit: number): number
  /** Largest number of slices into which a unit can be cut. */
  maxSlices(pass: Pass, unit: number): number
  run(pass: Pass, unit: number, slice: number, slices: number): void
}

/** A short step that runs once for all rows. */
export function shortStep(run: (pass: Pass) => void): Step {
  return { units: () => 1, kind: () => undefined, size: () => 0, maxSlices: () => 1, run }
}

/** The kind of a segment's products. */
export function productKind({ phase, rows }: Segment): WorkKind {
  if (phase === 'prefill') return 'matmul'
  return rows === 1 ? 'matvec' : 'few-tokens'
}
