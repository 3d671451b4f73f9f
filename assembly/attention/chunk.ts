import { attendBlock } from './block'
import { cachedFactor, headBytes, isFloats, widen } from './cache/types'
import { blockRecord, blockRoom, call, firstVisible, queryTiles, wideKeys, wideValues } from './call'
import { BLOCK_POSITIONS, PAGE_POSITIONS, rowBytes, stateBytes, TILE, tileRows, tilesOf } from './layout'
import { fetch, fetchPages } from './prefetch'
import { layQueries } from './queries'
import { clearStates } from './states'

const F32: i32 = 0

/** Whether blocks are read as they lie in the cache. Several tokens read them so often that widening them first pays. */
@inline
function isDirect(): bool {
  return isFloats(call.type) && call.tokens == 1
}

/** Lays the queries that `tokens` tokens from `token` on have for `kvHeads` kv heads into this thread's tiles. */
export function layPart(firstHead: i32, kvHeads: i32, token: i32, tokens: i32): void {
  const group = call.group
  const headDim = call.headDim
  const tokenBytes = rowBytes(call.heads, headDim)
  const rows = tokens * group
  const most = cachedFactor(call.type)
  const factor: f32 = isDirect() ? most : 1
  for (let i = 0; i < kvHeads; i++) {
    const q = call.q + <usize>token * tokenBytes + rowBytes((firstHead + i) * group, headDim)
    const to = queryTiles() + rowBytes(i * tilesOf(rows) * TILE, headDim)
    layQueries(q, tokenBytes, to, rows, group, headDim, call.scale, factor, most)
  }
}

/** Where a page's keys or values are, by their offset in it. */
@inline
function inPage(chunk: i32, offset: usize): usize {
  return <usize>load<u32>(call.pages + ((<usize>chunk) << 2)) + offset
}

/**
 * Fills `states` with what `tokens` tokens see of a chunk through `kvHeads` kv heads; `layPart` has laid their queries. The
 * first of them must see some of the chunk or what is after it.
 */
export function attendChunk(chunk: i32, firstHead: i32, kvHeads: i32, token: i32, tokens: i32, states: usize): void {
  const type = call.type
  const group = call.group
  const headDim = call.headDim
  const cachedBytes = headBytes(type, headDim)
  const positionBytes = <usize>call.kvHeads * cachedBytes
  const position = call.firstPosition + token
  const rows = tokens * group
  const tiles = tilesOf(rows)
  const direct = isDirect()
  const isDecode = call.tokens == 1
  const pageStart = chunk * PAGE_POSITIONS
  const pageKeys = inPage(chunk, call.keysOffset)
  const pageValues = inPage(chunk, call.valuesOffset)

  const block = blockRecord()
  block.type = direct ? type : F32
  block.headDim = headDim
  block.factor = direct ? cachedFactor(type) : 1
  block.window = call.window
  block.room = blockRoom()
  block.stride = direct ? positionBytes : rowBytes(1, headDim)

  for (let i = 0; i < kvHeads; i++) {
    clearStates(states + <usize>(i * tiles) * stateBytes(headDim), rows, group, position, headDim)
  }

  const end = min(pageStart + PAGE_POSITIONS, position + tokens)
  const visible = firstVisible(position) & ~(BLOCK_POSITIONS - 1)
  const first = max(pageStart, visible)
  // One thread goes from chunk to chunk; several take them as they come.
  const fetchFrom = call.isShared ? first : visible
  const fetchEnd = call.isShared ? end : position + 1
  for (let start = first; start < end; start += BLOCK_POSITIONS) {
    const n = min(BLOCK_POSITIONS, end - start)
    const offset = <usize>(start - pageStart) * positionBytes
    let aheadBytes: usize = 0
    let aheadKeys: usize = 0
    let aheadValues: usize = 0
    if (isDecode) {
      // The next block is fetched while this one is worked on, the first one before.
      if (start == fetchFrom) {
        fetch(pageKeys + offset, <usize>n * positionBytes, block.room)
        fetch(pageValues + offset, <usize>n * positionBytes, block.room)
      }
      const next = start + BLOCK_POSITIONS
      const ahead = min(BLOCK_POSITIONS, fetchEnd - next)
      if (ahead > 0) {
        const nextChunk = next / PAGE_POSITIONS
        const inChunk = <usize>(next % PAGE_POSITIONS) * positionBytes
        aheadBytes = <usize>ahead * cachedBytes
        aheadKeys = inPage(nextChunk, call.keysOffset) + inChunk
        aheadValues = inPage(nextChunk, call.valuesOffset) + inChunk
        fetchPages(aheadKeys, <usize>ahead * positionBytes, block.room)
        fetchPages(aheadValues, <usize>ahead * positionBytes, block.room)
      }
    }
    block.start = start
    for (let i = 0; i < kvHeads; i++) {
      let keys = pageKeys + offset + <usize>(firstHead + i) * cachedBytes
      let values = pageValues + offset + <usize>(firstHead + i) * cachedBytes
      if (!direct) {
        widen(type, keys, positionBytes, wideKeys(), n, headDim)
        widen(type, values, positionBytes, wideValues(), n, headDim)
        keys = wideKeys()
        values = wideValues()
      }
      block.keys = keys
      block.values = values
      block.keysAhead = aheadKeys + <usize>i * aheadBytes
      block.valuesAhead = aheadValues + <usize>i * aheadBytes
      for (let tile = 0; tile < tiles; tile++) {
        const row = tile * TILE
        const height = tileRows(row, rows)
        const seen = min(n, position + (row + height - 1) / group + 1 - start)
        const skip = max(0, firstVisible(position + row / group) - start)
        if (seen <= skip) continue
        const index = i * tiles + tile
        block.n = seen
        block.skip = skip
        block.rows = height
        block.queries = queryTiles() + rowBytes(index * TILE, headDim)
        block.state = states + <usize>index * stateBytes(headDim)
        block.aheadBytes = tile ? 0 : aheadBytes
        attendBlock(block)
      }
    }
  }
}
