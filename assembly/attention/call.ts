import { Block } from './block'
import { BLOCK_BYTES, BLOCK_POSITIONS, rowBytes, stateBytes, TILE, tilesOf } from './layout'
import { threadIndex } from '../thread_pool'

/** What all calls of an attention layer have in common. JavaScript writes it: the order is part of the interface. */
@unmanaged
export class AttentionShape {
  heads: i32
  kvHeads: i32
  headDim: i32
  /** What scores are multiplied with. */
  scale: f32
  /** Positions that a token sees, its own included; 0: all. */
  window: i32
  /** `attention_scratch` bytes for the threads of the pool. */
  scratch: usize
}

/** What all threads need to know of the present call. The main thread writes it before it shares the work. */
@unmanaged
export class Call {
  type: i32
  q: usize
  pages: usize
  keysOffset: usize
  valuesOffset: usize
  out: usize
  tokens: i32
  firstPosition: i32
  heads: i32
  kvHeads: i32
  group: i32
  headDim: i32
  /** As a shape's, or i32.MAX_VALUE. */
  window: i32
  /** Whether several threads share the work. */
  isShared: bool
  /** What queries are multiplied with, so that scores count powers of two. */
  scale: f32
  /** Of a single-token decode: states of SLOTS chunks, then of the merged ones; and the chunk in the first slot. */
  states: usize
  firstChunk: i32
  /** Each thread's own room, and its bytes. */
  rooms: usize
  roomBytes: usize
}

export const call = changetype<Call>(memory.data(offsetof<Call>(), 64))

/** Chunks of a single-token decode that are worked on before they are merged. */
export const SLOTS: i32 = 64

/** Rows of a prefill's part, if a group is not larger. */
const ROWS: i32 = 48

/** Tokens of a prefill's part at most. */
@inline
export function tokensOfPart(group: i32): i32 {
  return max(1, ROWS / group)
}

/** Bytes of the states of all rows of one token. */
export function tokenStates(heads: i32, kvHeads: i32, headDim: i32): usize {
  return <usize>(kvHeads * tilesOf(heads / kvHeads)) * stateBytes(headDim)
}

/** Tiles of a part at most. */
function mostTiles(heads: i32, kvHeads: i32): i32 {
  const group = heads / kvHeads
  return max(kvHeads * tilesOf(group), tilesOf(group * tokensOfPart(group)))
}

/** Where a thread's room has what, from its beginning. A Block is first. */
const BLOCK_RECORD: usize = 128
const WIDE_KEYS: usize = BLOCK_RECORD + BLOCK_BYTES

/**
 * Bytes of a thread's room: a Block, BLOCK_BYTES, a block of keys and one of values, f32[BLOCK_POSITIONS][headDim], queries,
 * and the states of a prefill's part, of all chunks so far and of the present one.
 */
export function roomBytes(heads: i32, kvHeads: i32, headDim: i32): usize {
  const tiles = mostTiles(heads, kvHeads)
  const bytes =
    WIDE_KEYS +
    2 * rowBytes(BLOCK_POSITIONS, headDim) +
    rowBytes(tiles * TILE, headDim) +
    <usize>(2 * tiles) * stateBytes(headDim)
  // No two threads write to one cache line.
  return (bytes + 63) & ~63
}

/** This thread's room. */
@inline
function room(): usize {
  return call.rooms + <usize>threadIndex() * call.roomBytes
}

@inline
export function blockRecord(): Block {
  return changetype<Block>(room())
}

/** BLOCK_BYTES. */
@inline
export function blockRoom(): usize {
  return room() + BLOCK_RECORD
}

@inline
export function wideKeys(): usize {
  return room() + WIDE_KEYS
}

@inline
export function wideValues(): usize {
  return wideKeys() + rowBytes(BLOCK_POSITIONS, call.headDim)
}

/** The queries of a part, in tiles. */
@inline
export function queryTiles(): usize {
  return wideValues() + rowBytes(BLOCK_POSITIONS, call.headDim)
}

/** States of a prefill's part: the present chunk's at the end, the merged ones before them. */
@inline
export function partStatesBytes(): usize {
  return <usize>mostTiles(call.heads, call.kvHeads) * stateBytes(call.headDim)
}

@inline
export function chunkStates(): usize {
  return room() + call.roomBytes - partStatesBytes()
}

/** The first position that a token at `position` sees. */
@inline
export function firstVisible(position: i32): i32 {
  return max(0, position - call.window + 1)
}

