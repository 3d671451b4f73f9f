import type { Arena } from '../wasm/arena.js'
import type { Kernels, Pointer } from '../wasm/kernels.js'
import type { Config } from './config.js'

/** Most tokens that go through the network at once; between batches a caller may cancel. */
export const MAX_BATCH = 64

/**
 * From this many tokens on a matrix is dequantised once and multiplied as a tile; below it each token's row meets
 * the quantised blocks directly.
 */
export const MIN_TILE = 4

/** The buffers of one pass through the network, shared by all sessions of a model. f32 unless said otherwise. */
export interface Scratch {
  /** [MAX_BATCH][embeddingLength], the residual stream. */
  readonly hidden: Pointer
  /** [MAX_BATCH][embeddingLength], after a norm; later what a sublayer adds to the stream. */
  readonly normed: Pointer
  /** [MAX_BATCH][heads · headDim]. */
  readonly q: Pointer
  /** [MAX_BATCH][kvHeads · headDim]. */
  readonly k: Pointer
  /** [MAX_BATCH][kvHeads · headDim]. */
  readonly v: Pointer
  /** [MAX_BATCH][heads · headDim]. */
  readonly attended: Pointer
  /** [MAX_BATCH][feedForwardLength]. */
  readonly gate: Pointer
  /** [MAX_BATCH][feedForwardLength]. */
  readonly up: Pointer
  /** [MAX_BATCH][2][ropeDim / 2]: cosines and sines. */
  readonly ropeTable: Pointer
  /** [vocabSize]. */
  readonly logits: Pointer
  /** MIN_TILE − 1 rows of quantised activations (see assembly/README.md), each of `activationBytes`. */
  readonly activations: Pointer
  readonly activationBytes: number
  /** The matmul's panel. */
  readonly panel: Pointer
}

type Buffers = { [name in Exclude<keyof Scratch, 'activationBytes'>]: number }

/** Bytes of each buffer. */
function sizes(config: Config, kernels: Kernels): Buffers & { activationBytes: number } {
  const { embeddingLength, heads, kvHeads, headDim, feedForwardLength, ropeDim, vocabSize } = config
  const rows = (columns: number) => MAX_BATCH * columns * 4
  const widest = Math.max(embeddingLength, feedForwardLength, heads * headDim)
  const activationBytes = Math.ceil((widest * 2.375) / 64) * 64
  return {
    hidden: rows(embeddingLength),
    normed: rows(embeddingLength),
    q: rows(heads * headDim),
    k: rows(kvHeads * headDim),
    v: rows(kvHeads * headDim),
    attended: rows(heads * headDim),
    gate: rows(feedForwardLength),
    up: rows(feedForwardLength),
    ropeTable: rows(ropeDim),
    logits: vocabSize * 4,
    activations: (MIN_TILE - 1) * activationBytes,
    activationBytes,
    panel: kernels.matmul_scratch(widest),
  }
}

/** Bytes that `allocateScratch` will take. */
export function scratchBytes(config: Config, kernels: Kernels): number {
  const { activationBytes: _, ...buffers } = sizes(config, kernels)
  return Object.values(buffers).reduce((sum, bytes) => sum + bytes + 64, 0)
}

export function allocateScratch(config: Config, kernels: Kernels, arena: Arena): Scratch {
  const { activationBytes, ...buffers } = sizes(config, kernels)
  const entries = Object.entries(buffers).map(([name, bytes]) => [
    name,
    arena.allocate(bytes, `the scratch buffer "${name}"`),
  ])
  return { ...(Object.fromEntries(entries) as Record<keyof Buffers, Pointer>), activationBytes }
}
