import { clearStates, finishRows, layQueries, mergeStates, tileRows } from './rows'
import { fetch, fetchPages } from './fetch'
import { attendBlock, BLOCK_BYTES, POSITIONS, rowBytes, stateBytes, TILE } from './tile'
import { cachedFactor, headBytes, isFloats, widen } from './cache'
import { member, share, teamSize } from '../team'

/**
 * Causal attention with grouped queries over a KV cache.
 * Source: Vaswani et al. 2017; grouped queries: Ainslie et al. 2023; softmax in one pass, with a running maximum and
 * sum: Milakov and Gimelshein 2018, Dao et al. 2022.
 *
 * A layer's keys and values lie as [position][kvHeads][headDim], each head as its type holds it. The query heads of a
 * group are rows that meet the same keys, in tiles of up to four (tile.ts).
 *
 * The threads share the work in parts. Of several tokens a part is one kv head and some of the tokens, for which each
 * block of keys and values is widened to f32 once. Of a token that comes alone it is a chunk of positions with all
 * heads, for memory is read fastest in its own order; what the chunks give is merged at the end.
 *
 * A row's arithmetic depends on its own position alone: chunks and blocks are counted from position 0, every chunk has a
 * softmax of its own, and chunks are merged in order. So a token's bits are the same alone as in any batch, and with any
 * number of threads.
 */

/** Positions of a chunk, a multiple of POSITIONS. */
const CHUNK: i32 = 128

/** Chunks of a lone token that are worked on before they are merged, besides the first. */
const SLOTS: i32 = 64

/** Rows of a part of several tokens, if a group is not larger. */
const ROWS: i32 = 48

const LOG2_E: f32 = 1.4426950408889634

const F32: i32 = 0

/** What the threads need to know of the work at hand. */
@unmanaged
class Work {
  type: i32
  q: usize
  keys: usize
  values: usize
  out: usize
  tokens: i32
  firstPosition: i32
  heads: i32
  kvHeads: i32
  group: i32
  headDim: i32
  isTeam: bool
  /** What queries are multiplied with. */
  scale: f32
  /** Of a lone token: states of the merged chunks, then of SLOTS chunks; and the chunk in the first slot. */
  states: usize
  firstChunk: i32
  /** Each thread's own room, and its bytes. */
  rooms: usize
  roomBytes: usize
}

const work = changetype<Work>(memory.data(offsetof<Work>(), 64))

@inline
function divideUp(n: i32, by: i32): i32 {
  return (n + by - 1) / by
}

@inline
function tilesOf(rows: i32): i32 {
  return divideUp(rows, TILE)
}

/** Tokens of a part of several. */
@inline
function shareOfTokens(group: i32): i32 {
  return max(1, ROWS / group)
}

/** Bytes of the states of all rows of one token. */
function tokenStates(heads: i32, kvHeads: i32, headDim: i32): usize {
  return <usize>(kvHeads * tilesOf(heads / kvHeads)) * stateBytes(headDim)
}

/** Tiles of a part at most. */
function mostTiles(heads: i32, kvHeads: i32): i32 {
  const group = heads / kvHeads
  return max(kvHeads * tilesOf(group), tilesOf(group * shareOfTokens(group)))
}

/**
 * Bytes of a thread's room: a block of keys and one of values, f32[POSITIONS][headDim], BLOCK_BYTES, queries, and the
 * states of a part of several tokens, of all chunks so far and of the present one.
 */
function roomBytes(heads: i32, kvHeads: i32, headDim: i32): usize {
  const tiles = mostTiles(heads, kvHeads)
  const bytes =
    2 * rowBytes(POSITIONS, headDim) +
    BLOCK_BYTES +
    rowBytes(tiles * TILE, headDim) +
    <usize>(2 * tiles) * stateBytes(headDim)
  // No two threads write to one cache line.
  return (bytes + 63) & ~63
}

/** Bytes of scratch that `attention` needs for so many threads. */
export function attention_scratch(threads: i32, heads: i32, kvHeads: i32, headDim: i32): usize {
  return <usize>threads * roomBytes(heads, kvHeads, headDim) + <usize>(SLOTS + 1) * tokenStates(heads, kvHeads, headDim)
}

/**
 * `type` is the cache's, by ggml's number; `q` and `out` are f32[tokens][heads][headDim]; token i stands at
 * `firstPosition + i` and sees every position up to its own. `headDim` is a multiple of four, for Q8_0 of 32. `scratch`
 * has `attention_scratch` bytes for the threads of the team.
 */
export function attention(
  type: i32,
  q: usize,
  keys: usize,
  values: usize,
  out: usize,
  tokens: i32,
  firstPosition: i32,
  heads: i32,
  kvHeads: i32,
  headDim: i32,
  scale: f32,
  scratch: usize,
): void {
  work.type = type
  work.q = q
  work.keys = keys
  work.values = values
  work.out = out
  work.tokens = tokens
  work.firstPosition = firstPosition
  work.heads = heads
  work.kvHeads = kvHeads
  work.group = heads / kvHeads
  work.headDim = headDim
  work.isTeam = teamSize() > 1
  work.scale = scale * LOG2_E
  work.states = scratch
  work.rooms = scratch + <usize>(SLOTS + 1) * tokenStates(heads, kvHeads, headDim)
  work.roomBytes = roomBytes(heads, kvHeads, headDim)
  if (tokens == 1) return attendAlone()
  const part = attendSeveral
  share(part.index, kvHeads * divideUp(tokens, shareOfTokens(work.group)))
}

/** One token: its chunks, as many at a time as there are slots, then merged with those before. */
function attendAlone(): void {
  const group = work.group
  const headDim = work.headDim
  const headStates = <usize>tilesOf(group) * stateBytes(headDim)
  const slotBytes = <usize>work.kvHeads * headStates
  const merged = work.states + <usize>SLOTS * slotBytes
  for (let at = merged; at < merged + slotBytes; at += headStates) clearStates(at, group, group, 0, headDim)

  const chunks = divideUp(work.firstPosition + 1, CHUNK)
  const part = attendSlot
  for (let first = 0; first < chunks; first += SLOTS) {
    const slots = min(SLOTS, chunks - first)
    work.firstChunk = first
    share(part.index, slots)
    for (let slot = 0; slot < slots; slot++) {
      for (let at: usize = 0; at < slotBytes; at += headStates) {
        mergeStates(merged + at, work.states + <usize>slot * slotBytes + at, group, headDim)
      }
    }
  }
  for (let head = 0; head < work.kvHeads; head++) {
    finishRows(merged + <usize>head * headStates, work.out + rowBytes(head * group, headDim), 0, group, group, headDim)
  }
}

/** A chunk of the only token, all heads. */
function attendSlot(slot: i32): void {
  const states = work.states + <usize>slot * tokenStates(work.heads, work.kvHeads, work.headDim)
  attendChunk(work.firstChunk + slot, 0, work.kvHeads, 0, 1, states)
}

/** A share of several tokens and one kv head, all chunks. */
function attendSeveral(part: i32): void {
  const group = work.group
  const headDim = work.headDim
  const most = shareOfTokens(group)
  const shares = divideUp(work.tokens, most)
  const head = part / shares
  const token = (part % shares) * most
  const tokens = min(most, work.tokens - token)
  const rows = tokens * group
  const bytes = <usize>mostTiles(work.heads, work.kvHeads) * stateBytes(headDim)
  const states = room() + work.roomBytes - bytes
  const merged = states - bytes

  clearStates(merged, rows, group, 0, headDim)
  const chunks = divideUp(work.firstPosition + token + tokens, CHUNK)
  for (let chunk = 0; chunk < chunks; chunk++) {
    attendChunk(chunk, head, 1, token, tokens, states)
    mergeStates(merged, states, rows, headDim)
  }
  const tokenBytes = rowBytes(work.heads, headDim)
  const out = work.out + <usize>token * tokenBytes + rowBytes(head * group, headDim)
  finishRows(merged, out, tokenBytes, rows, group, headDim)
}

/** This thread's room. */
@inline
function room(): usize {
  return work.rooms + <usize>member() * work.roomBytes
}

/** Fills `states` with what `tokens` tokens see of a chunk through `kvHeads` heads of the cache. */
function attendChunk(chunk: i32, firstHead: i32, kvHeads: i32, token: i32, tokens: i32, states: usize): void {
  const type = work.type
  const group = work.group
  const headDim = work.headDim
  const cachedBytes = headBytes(type, headDim)
  const positionBytes = <usize>work.kvHeads * cachedBytes
  const tokenBytes = rowBytes(work.heads, headDim)
  const position = work.firstPosition + token
  const rows = tokens * group
  const tiles = tilesOf(rows)
  const direct = isFloats(type) && work.tokens == 1
  const most = cachedFactor(type)
  const factor: f32 = direct ? most : 1

  const wideKeys = room()
  const wideValues = wideKeys + rowBytes(POSITIONS, headDim)
  const blockRoom = wideValues + rowBytes(POSITIONS, headDim)
  const queries = blockRoom + BLOCK_BYTES

  for (let i = 0; i < kvHeads; i++) {
    const q = work.q + <usize>token * tokenBytes + rowBytes((firstHead + i) * group, headDim)
    const to = queries + rowBytes(i * tiles * TILE, headDim)
    layQueries(q, tokenBytes, to, rows, group, headDim, work.scale, factor, most)
    clearStates(states + <usize>(i * tiles) * stateBytes(headDim), rows, group, position, headDim)
  }

  const end = min((chunk + 1) * CHUNK, position + tokens)
  // One thread goes from chunk to chunk; several take them as it comes.
  const fetchFrom = work.isTeam ? chunk * CHUNK : 0
  const fetchEnd = work.isTeam ? end : position + 1
  for (let start = chunk * CHUNK; start < end; start += POSITIONS) {
    const n = min(POSITIONS, end - start)
    const offset = <usize>start * positionBytes
    // The next block of a lone token is fetched while this one is worked on, the first one before.
    const next = start + POSITIONS
    const ahead = work.tokens == 1 ? max(0, min(POSITIONS, fetchEnd - next)) : 0
    const aheadBytes = <usize>ahead * cachedBytes
    const aheadAt = <usize>next * positionBytes
    if (work.tokens == 1 && start == fetchFrom) {
      fetch(work.keys + offset, <usize>n * positionBytes, blockRoom)
      fetch(work.values + offset, <usize>n * positionBytes, blockRoom)
    }
    if (ahead) {
      fetchPages(work.keys + aheadAt, <usize>ahead * positionBytes, blockRoom)
      fetchPages(work.values + aheadAt, <usize>ahead * positionBytes, blockRoom)
    }
    for (let i = 0; i < kvHeads; i++) {
      let keys = work.keys + offset + <usize>(firstHead + i) * cachedBytes
      let values = work.values + offset + <usize>(firstHead + i) * cachedBytes
      if (!direct) {
        widen(type, keys, positionBytes, wideKeys, n, headDim)
        widen(type, values, positionBytes, wideValues, n, headDim)
        keys = wideKeys
        values = wideValues
      }
      for (let tile = 0; tile < tiles; tile++) {
        const first = tile * TILE
        const height = tileRows(first, rows)
        const seen = min(n, position + (first + height - 1) / group + 1 - start)
        if (seen <= 0) continue
        const index = i * tiles + tile
        attendBlock(
          direct ? type : F32,
          height,
          queries + rowBytes(index * TILE, headDim),
          keys,
          values,
          direct ? positionBytes : rowBytes(1, headDim),
          blockRoom,
          states + <usize>index * stateBytes(headDim),
          start,
          seen,
          headDim,
          factor,
          work.keys + aheadAt + <usize>i * aheadBytes,
          work.values + aheadAt + <usize>i * aheadBytes,
          tile ? 0 : aheadBytes,
        )
      }
    }
  }
}
