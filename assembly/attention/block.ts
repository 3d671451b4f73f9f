import { accumulate } from './accumulate'
import { addBiases } from './bias'
import { CachedF16, CachedF32 } from './cache/floats'
import { count, Four, One, Three, Two } from './counts'
import { BLOCK_POSITIONS, rowBytes, WEIGHTS } from './layout'
import { softmaxStep } from './online_softmax'
import { score } from './scores'

/** What `attendBlock` works on: a tile of rows and a block of positions. */
@unmanaged
export class Block {
  /** ggml's type number of `keys` and `values`: F32 or F16. */
  type: i32
  /** Elements of a head. */
  headDim: i32
  /** The factor that values lack (see `cachedFactor`); the queries already contain it. */
  factor: f32
  /** Positions that a row sees, including its own; i32.MAX_VALUE: all. */
  window: i32
  /** BLOCK_BYTES. */
  scratch: usize
  /** The first position. */
  start: i32
  /** Positions of the block that the tile's last row sees. */
  n: i32
  /** How many of those, at the beginning, are before every row's window and are not read. */
  skip: i32
  /** The head at position `start`; `stride` bytes between positions. */
  keys: usize
  values: usize
  stride: usize
  /** The tile: its number of rows, their queries and their state. */
  rows: i32
  queries: usize
  state: usize
  /** What to prefetch meanwhile, `aheadBytes` of each. */
  keysAhead: usize
  valuesAhead: usize
  aheadBytes: usize
  /** For each row of the tile, u32, the address of the bias of its first score that is computed; 0: none. */
  biases: usize
}

/**
 * Updates the state of a tile with a block of positions: scores, one step of the online softmax, PV accumulated. The order
 * of a row's sums does not depend on the number of rows.
 */
export function attendBlock(block: Block): void {
  if (block.type == 1) attendRowsOf<CachedF16>(block)
  else attendRowsOf<CachedF32>(block)
}

@inline
function attendRowsOf<T>(block: Block): void {
  switch (block.rows) {
    case 1:
      return attendRows<T, One>(block)
    case 2:
      return attendRows<T, Two>(block)
    case 3:
      return attendRows<T, Three>(block)
    case 4:
      return attendRows<T, Four>(block)
  }
}

function attendRows<T, Rows>(block: Block): void {
  const headDim = block.headDim
  const stride = block.stride
  const state = block.state
  const n = block.n
  const skip = block.skip
  const weights = block.scratch
  const rescale = weights + <usize>BLOCK_POSITIONS * WEIGHTS
  const sums = rescale + WEIGHTS
  const seenWeights = weights + <usize>skip * WEIGHTS
  const skipped = <usize>skip * stride
  score<T, Rows>(
    block.queries,
    block.keys + skipped,
    stride,
    seenWeights,
    sums,
    n - skip,
    headDim,
    block.keysAhead,
    block.valuesAhead,
    block.aheadBytes,
  )
  if (block.biases) addBiases(block.biases, seenWeights, count<Rows>(), n - skip)
  softmaxStep(weights, rescale, state + rowBytes(count<Rows>(), headDim), block.start, n, block.window, block.factor)
  accumulate<T, Rows>(seenWeights, rescale, block.values + skipped, stride, state, n - skip, headDim)
}
