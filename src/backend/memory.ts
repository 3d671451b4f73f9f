/** Element types of cached keys and values. */
export const KV_TYPES = ['f16', 'f32', 'q8_0'] as const
/** See `SessionOptions.kvType`. */
export type KvType = (typeof KV_TYPES)[number]

/** Positions per page of the cache. A page is also attention's chunk. */
export const PAGE_POSITIONS = 128

/** What an operation of a layer stores of a sequence. */
export type MemorySpec =
  /** Keys and values of every position or, with a `window`, of the last `window` ones. */
  | {
      readonly kind: 'kv'
      readonly kvHeads: number
      readonly keyDim: number
      readonly valueDim: number
      readonly window?: number | undefined
    }
  /** A state of constant size, f32[values], all zeros before the first position. */
  | { readonly kind: 'recurrent'; readonly values: number }

/** One layer's content of a saved sequence. */
export interface MemoryRecord {
  readonly kind: MemorySpec['kind']
  /** The first position that is held: 0, unless earlier ones were outside of the layer's window. */
  readonly first: number
  /** For `kv` the keys, then the values of positions `first` to the end, in the memory's type. */
  readonly bytes: Uint8Array
}

/** All lengths from `from` to `to`, inclusive. */
export type Span = readonly [from: number, to: number]

/** The longest length in `reach` that is at most `to`; 0 if there is none. */
export function reachableLength(reach: readonly Span[], to: number): number {
  for (let i = reach.length - 1; i >= 0; i--) {
    const [first, last] = reach[i]
    if (first <= to) return Math.min(last, to)
  }
  return 0
}

/** The lengths that are in both `a` and `b`. */
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
 * What a model stores of one sequence: keys and values, recurrent states. `Executable.run` appends to it. It allocates as it
 * grows, and shares pages with its forks.
 *
 * Calls and batches on one memory must not overlap.
 */
export interface SequenceMemory {
  readonly type: KvType
  /** Evaluated positions. */
  readonly length: number
  /** Bytes that it holds. Bytes that are shared with forks count in each of them. */
  readonly bytes: number
  /** The lengths that `truncate` can reach: ascending, disjoint spans. */
  readonly reach: readonly Span[]
  /**
   * Removes positions from the end until at most `to` are left, and resolves with the length that it has reached: attention
   * reaches every length whose window it still holds; a recurrent state, the last checkpoint at or before `to`.
   */
  truncate(to: number): Promise<number>
  /**
   * Keeps the current length reachable until `release` or the next `hold`, however far the sequence grows: for tokens that
   * may have to be removed again. The end of a prompt stays reachable without it.
   */
  hold(): void
  release(): void
  /** Whether `shift` is possible. */
  readonly canShift: boolean
  /**
   * Drops `count` positions after the first `keep`; later ones move down. Keys are rotated by the distance, which rounds
   * them once more. Rejects with `UNSUPPORTED` if a layer cannot shift. Cannot be aborted.
   */
  shift(keep: number, count: number): Promise<void>
  /** A memory with the same content. Copies at most one page, once either is written to. */
  fork(): Promise<SequenceMemory>
  /**
   * Replaces the content by that of another memory of the same executable, type and `retain`, as if this one were its fork.
   */
  copyFrom(other: SequenceMemory): Promise<void>
  /** What each layer holds, in order. */
  save(): Promise<MemoryRecord[]>
  /**
   * Replaces the content with records that `save` returned for a memory of `length` positions, whose latest prompt ended at
   * `promptEnd` (default: 0). Rejects with `BAD_FORMAT` for records that do not match this model, or `OUT_OF_MEMORY`, and
   * then changes nothing.
   */
  restore(records: readonly MemoryRecord[], of: { length: number; promptEnd?: number }): Promise<void>
  /** Frees what it holds. Idempotent. */
  dispose(): void
}
