import type { Pointer } from '../wasm/kernels.js'

/** Element type of cached keys and values. */
export type KvType = 'f16' | 'f32'

/** The keys and values of one sequence, as the network sees them; who owns the memory is the session's business. */
export interface KvCache {
  readonly type: KvType
  /** Positions that there is room for. */
  readonly contextLength: number
  /** A layer's keys, [contextLength][kvHeads][headDim]. */
  keys(layer: number): Pointer
  /** A layer's values, [contextLength][kvHeads][headDim]. */
  values(layer: number): Pointer
  /** Scratch for f32[contextLength], rounded up to four. */
  readonly scores: Pointer
}
