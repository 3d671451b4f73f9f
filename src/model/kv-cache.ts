import type { Pointer } from '../backend/wasm/kernels.js'
import { type BlockFormat, blockFormat, bytesFor } from '../gguf/block-formats.js'
import type { Config } from './config.js'

/** Element types of cached keys and values. */
export const KV_TYPES = ['f16', 'f32', 'q8_0'] as const
export type KvType = (typeof KV_TYPES)[number]

/** The keys and values of one sequence, as the network sees them; who owns the memory is the session's business. */
export interface KvCache {
  readonly type: KvType
  /** Positions that there is room for. */
  readonly contextLength: number
  /** A layer's keys, [contextLength][kvHeads][headDim]. */
  keys(layer: number): Pointer
  /** A layer's values, [contextLength][kvHeads][headDim]. */
  values(layer: number): Pointer
}

const FORMATS: Readonly<Record<KvType, BlockFormat>> = {
  f16: blockFormat('F16'),
  f32: blockFormat('F32'),
  q8_0: blockFormat('Q8_0'),
}

/** The block format in which a type is held. */
export function kvFormat(type: KvType): BlockFormat {
  return FORMATS[type]
}

/** Bytes of the keys, or of the values, of one position in one layer. */
export function kvRowBytes(config: Config, type: KvType): number {
  return bytesFor(kvFormat(type), config.kvHeads * config.headDim)
}
