import { accumulate } from './accumulate'
import { CachedF16, CachedF32 } from './cache/floats'
import { count, Four, One, Three, Two } from './counts'
import { BLOCK_POSITIONS, rowBytes, WEIGHTS } from './layout'
import { weigh } from './online_softmax'
import { score } from './scores'

/** What `attendBlock` works on: a tile of rows and a block of positions. */
@unmanaged
export class Block {
  /** Of `keys` and `values`, as ggml numbers them: F32 or F16. */
  type: i32
  /** Elements of a head. */
  headDim: i32
  /** What values are to be multiplied with; the queries have it in them. */
  factor: f32
  /** Positions that a row sees, its own included; i32.MAX_VALUE: all. */
  window: i32
  /** BLOCK_BYTES to work in. */
  room: usize
  /** The first position. */
  start: i32
  /** Positions of the block that the tile's last row sees. */
  n: i32
  /** Of those, how many at the beginning are before the window of every row, and are not read. */
  skip: i32
  /** Heads at `start`, from position to position `stride` bytes. */
  keys: usize
  values: usize
  stride: usize
  /** The tile: how many rows, and where their queries and their state are. */
  rows: i32
  queries: usize
  state: usize
  /** What to fetch meanwhile, `aheadBytes` from each. */
  keysAhead: usize
  valuesAhead: usize
  aheadBytes: usize
}

/**
 * Takes the positions of a block into the state of a tile: scores, the online softmax's weights, and the weighted values on
 * top of what earlier blocks left. A row's sums run in the same order however many rows there are.
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
  const weights = block.room
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
  weigh(weights, rescale, state + rowBytes(count<Rows>(), headDim), block.start, n, block.window, block.factor)
  accumulate<T, Rows>(seenWeights, rescale, block.values + skipped, stride, state, n - skip, headDim)
}
