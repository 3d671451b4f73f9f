import { accumulate } from './accumulate'
import { addBiases, adjustScores } from './adjust'
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
  /** Elements of a head of keys, and of values. */
  headDim: i32
  valueDim: i32
  /** The factor that values lack (see `cachedFactor`); the queries already contain it. */
  factor: f32
  /** Positions that a row sees, including its own; i32.MAX_VALUE: all. */
  window: i32
  /** Whether scores are changed, how they are capped (0: not), and whether they have slopes: see adjust.ts. */
  adjusts: bool
  softcap: f32
  hasSlopes: bool
  /** BLOCK_BYTES. */
  scratch: usize
  /** The first position. */
  start: i32
  /** Positions of the block that the tile's last row sees. */
  n: i32
  /** How many of those, at the beginning, are before every row's window and are not read. */
  skip: i32
  /** The head at position `start`, and the bytes between positions. */
  keys: usize
  values: usize
  stride: usize
  valueStride: usize
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
  const valueDim = block.valueDim
  const stride = block.stride
  const state = block.state
  const n = block.n
  const skip = block.skip
  const weights = block.scratch
  const rescale = weights + <usize>BLOCK_POSITIONS * WEIGHTS
  const sums = rescale + WEIGHTS
  const seenWeights = weights + <usize>skip * WEIGHTS
  score<T, Rows>(
    block.queries,
    block.keys + <usize>skip * stride,
    stride,
    seenWeights,
    sums,
    n - skip,
    headDim,
    block.keysAhead,
    block.valuesAhead,
    block.aheadBytes,
  )
  const tail = state + rowBytes(count<Rows>(), valueDim)
  if (block.adjusts) adjustScores(seenWeights, n - skip, block.start + skip, block.softcap, block.hasSlopes, tail)
  if (block.biases) addBiases(block.biases, seenWeights, count<Rows>(), n - skip)
  softmaxStep(weights, rescale, tail, block.start, n, block.window, block.factor)
  const valueStride = block.valueStride
  const values = block.values + <usize>skip * valueStride
  accumulate<T, Rows>(seenWeights, rescale, values, valueStride, state, n - skip, valueDim)
}
