/** Element types of cached keys and values. */
export const KV_TYPES = ['f16', 'f32', 'q8_0'] as const
/** See `SessionOptions.kvType`. */
export type KvType = (typeof KV_TYPES)[number]

/** Positions of a page, which is also the chunk of positions that attention works on. */
export const PAGE_POSITIONS = 128

/** What a layer remembers of a sequence. */
export type MemorySpec =
  /** Keys and values of every position or, with a `window`, of the last `window` ones. */
  | {
      readonly kind: 'kv'
      readonly kvHeads: number
      readonly keyDim: number
      readonly valueDim: number
      readonly window?: number | undefined
    }
  /** A state of constant size: the last inputs of a convolution and a recurrent state, both f32. */
  | { readonly kind: 'recurrent'; readonly conv: number; readonly state: number }

/** What one layer holds of a saved sequence. */
export interface MemoryRecord {
  readonly kind: MemorySpec['kind']
  /** The first position that is held; 0 unless earlier ones were outside of the layer's window. */
  readonly first: number
  /** For `kv` the keys, then the values of positions `first` to the end, in the memory's type. */
  readonly bytes: Uint8Array
}

/** All lengths from `from` to `to`, both included. */
export type Span = readonly [from: number, to: number]

/** The longest length up to `to` within `reach`; 0 where there is none. */
export function reachableLength(reach: readonly Span[], to: number): number {
  for (let i = reach.length - 1; i >= 0; i--) {
    const [first, last] = reach[i]
    if (first <= to) return Math.min(last, to)
  }
  return 0
}

/** The lengths that are in both. */
export function intersection(a: readonly Span[], b: readonly Span[]): Span[] {
  const both: Span[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const from = Math.max(a[i][0], b[j][0])
    const to = Math.min(a[i][1], b[j][1])
    if (from <= to) both.push([from, to])
    if (a[i][1] < b[j][1]) i++
    else j++
  }
  return both
}

/**
 * What a model remembers of one sequence: keys and values, recurrent states. `Executable.run` appends to it. It takes
 * memory as it grows, and shares what it can with those that were forked from it.
 *
 * Calls and batches on one memory must not overlap.
 */
export interface SequenceMemory {
  readonly type: KvType
  /** Evaluated positions. */
  readonly length: number
  /** Bytes that it holds. What it shares with forks counts in each of them. */
  readonly bytes: number
  /** The lengths that `truncate` would reach: ascending spans that do not touch. */
  readonly reach: readonly Span[]
  /**
   * Forgets positions from the end until at most `to` are left, and resolves with the length that it could reach:
   * attention reaches every length whose window it still holds; a recurrent state its newest checkpoint at or before it.
   */
  truncate(to: number): Promise<number>
  /**
   * Keeps the present length reachable until `release` or the next `hold`, however far the sequence goes on meanwhile: for
   * tokens that may have to be taken back. The end of a prompt stays reachable without it.
   */
  hold(): void
  release(): void
  /** Whether `shift` is possible. */
  readonly canShift: boolean
  /**
   * Drops `count` positions after the first `keep`; those behind them move down. A key's rotation is corrected by the
   * distance, rounded once more. Rejects with `UNSUPPORTED` where a layer cannot. Cannot be aborted.
   */
  shift(keep: number, count: number): Promise<void>
  /** A memory with the same content. Copies at most one page, and only when either is written to. */
  fork(): Promise<SequenceMemory>
  /** What each layer holds, in order. */
  save(): Promise<MemoryRecord[]>
  /**
   * Replaces the content by that of a memory of `length` positions, the latest prompt of which ended at `promptEnd` (default:
   * none did), that `save` has returned. Rejects with
   * `BAD_FORMAT` for records that do not fit this model, or `OUT_OF_MEMORY`, and stays as it was.
   */
  restore(records: readonly MemoryRecord[], of: { length: number; promptEnd?: number }): Promise<void>
  /** Gives back what it holds. Idempotent. */
  dispose(): void
}
