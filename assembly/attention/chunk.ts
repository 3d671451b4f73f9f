import { locateBiases } from './bias'
import { setSlopes } from './adjust'
import { attendBlock } from './block'
import { cachedFactor, headBytes, isFloats, widen } from './cache/types'
import { biasRecord, blockRecord, blockScratch, call, firstVisible, lastVisible, queryTiles, widenedKeys, widenedValues } from './call'
import { BLOCK_POSITIONS, PAGE_POSITIONS, rowBytes, stateBytes, TILE, tileRows, tileCount } from './layout'
import { fetch, fetchPages } from './prefetch'
import { packTiles } from './queries'
import { clearStates } from './states'

const F32: i32 = 0

/** Whether blocks are read from the cache directly. With several tokens it pays to widen them to f32 once. */
@inline
function readsCacheDirectly(): bool {
  return isFloats(call.type) && call.tokens == 1
}

/** Packs the queries of `tokens` tokens, from `token` on, for `kvHeads` kv heads into this thread's tiles. */
export function packQueries(firstHead: i32, kvHeads: i32, token: i32, tokens: i32): void {
  const group = call.group
  const headDim = call.headDim
  const tokenBytes = rowBytes(call.heads, headDim)
  const rows = tokens * group
  const most = cachedFactor(call.type)
  const factor: f32 = readsCacheDirectly() ? most : 1
  for (let i = 0; i < kvHeads; i++) {
    const q = call.q + <usize>token * tokenBytes + rowBytes((firstHead + i) * group, headDim)
    const to = queryTiles() + rowBytes(i * tileCount(rows) * TILE, headDim)
    packTiles(q, tokenBytes, to, rows, group, headDim, call.scale, factor, most)
  }
}

/** Address of a page's keys or values, given their offset in the page. */
@inline
function addressInPage(chunk: i32, offset: usize): usize {
  return <usize>load<u32>(call.pages + ((<usize>chunk) << 2)) + offset
}

/**
 * Computes the states of `tokens` tokens and `kvHeads` kv heads over one chunk, from queries that `packQueries` has packed.
 */
export function attendChunk(chunk: i32, firstHead: i32, kvHeads: i32, token: i32, tokens: i32, states: usize): void {
  const type = call.type
  const group = call.group
  const headDim = call.headDim
  const valueDim = call.valueDim
  const keyBytes = headBytes(type, headDim)
  const valueBytes = headBytes(type, valueDim)
  const positionKeys = <usize>call.kvHeads * keyBytes
  const positionValues = <usize>call.kvHeads * valueBytes
  const position = call.firstPosition + token
  const rows = tokens * group
  const tiles = tileCount(rows)
  const direct = readsCacheDirectly()
  const isDecode = call.tokens == 1
  const pageStart = chunk * PAGE_POSITIONS
  const pageKeys = addressInPage(chunk, call.keysOffset)
  const pageValues = addressInPage(chunk, call.valuesOffset)

  const block = blockRecord()
  block.type = direct ? type : F32
  block.headDim = headDim
  block.valueDim = valueDim
  block.factor = direct ? cachedFactor(type) : 1
  block.window = call.window
  block.hasSlopes = call.slopes != 0
  block.softcap = call.softcap
  block.adjusts = block.hasSlopes || call.softcap > 0
  block.scratch = blockScratch()
  block.biases = call.bias ? biasRecord() : 0
  block.stride = direct ? positionKeys : rowBytes(1, headDim)
  block.valueStride = direct ? positionValues : rowBytes(1, valueDim)

  for (let i = 0; i < kvHeads; i++) {
    const state = states + <usize>(i * tiles) * stateBytes(valueDim)
    clearStates(state, rows, group, position + call.ahead, valueDim)
    if (call.slopes) setSlopes(state, call.slopes, rows, group, (firstHead + i) * group, valueDim)
  }

  const end = min(pageStart + PAGE_POSITIONS, lastVisible(position + tokens - 1) + 1)
  const visible = firstVisible(position) & ~(BLOCK_POSITIONS - 1)
  const first = max(pageStart, visible)
  // A single thread goes from chunk to chunk; of several, each may get any chunk next.
  const fetchFrom = call.isShared ? first : visible
  const fetchEnd = call.isShared ? end : position + 1
  for (let start = first; start < end; start += BLOCK_POSITIONS) {
    const n = min(BLOCK_POSITIONS, end - start)
    const startKeys = pageKeys + <usize>(start - pageStart) * positionKeys
    const startValues = pageValues + <usize>(start - pageStart) * positionValues
    let aheadBytes: usize = 0
    let aheadKeys: usize = 0
    let aheadValues: usize = 0
    if (isDecode) {
      // The next block is prefetched while this one is computed, the first one beforehand.
      if (start == fetchFrom) {
        fetch(startKeys, <usize>n * positionKeys, block.scratch)
        fetch(startValues, <usize>n * positionValues, block.scratch)
      }
      const next = start + BLOCK_POSITIONS
      const ahead = min(BLOCK_POSITIONS, fetchEnd - next)
      if (ahead > 0) {
        const nextChunk = next / PAGE_POSITIONS
        const inChunk = <usize>(next % PAGE_POSITIONS)
        // Of each as much as the smaller of the two has: no byte after the page may be read.
        aheadBytes = <usize>ahead * min(keyBytes, valueBytes)
        aheadKeys = addressInPage(nextChunk, call.keysOffset) + inChunk * positionKeys
        aheadValues = addressInPage(nextChunk, call.valuesOffset) + inChunk * positionValues
        fetchPages(aheadKeys, <usize>ahead * positionKeys, block.scratch)
        fetchPages(aheadValues, <usize>ahead * positionValues, block.scratch)
      }
    }
    block.start = start
    for (let i = 0; i < kvHeads; i++) {
      let keys = startKeys + <usize>(firstHead + i) * keyBytes
      let values = startValues + <usize>(firstHead + i) * valueBytes
      if (!direct) {
        widen(type, keys, positionKeys, widenedKeys(), n, headDim)
        widen(type, values, positionValues, widenedValues(), n, valueDim)
        keys = widenedKeys()
        values = widenedValues()
      }
      block.keys = keys
      block.values = values
      block.keysAhead = aheadKeys + <usize>i * aheadBytes
      block.valuesAhead = aheadValues + <usize>i * aheadBytes
      for (let tile = 0; tile < tiles; tile++) {
        const row = tile * TILE
        const height = tileRows(row, rows)
        const seen = min(n, lastVisible(position + (row + height - 1) / group) + 1 - start)
        const skip = max(0, firstVisible(position + row / group) - start)
        if (seen <= skip) continue
        const index = i * tiles + tile
        block.n = seen
        block.skip = skip
        block.rows = height
        block.queries = queryTiles() + rowBytes(index * TILE, headDim)
        block.state = states + <usize>index * stateBytes(valueDim)
        block.aheadBytes = tile ? 0 : aheadBytes
        if (call.bias) locateBiases(block.biases, firstHead + i, row, height, position, start + skip)
        attendBlock(block)
      }
    }
  }
}
