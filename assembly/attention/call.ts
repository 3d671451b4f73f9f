import { Block } from './block'
import { BLOCK_BYTES, BLOCK_POSITIONS, rowBytes, stateBytes, TILE, tileCount } from './layout'
import { threadIndex } from '../thread_pool'

/** What all calls of an attention layer share. JavaScript writes it, so the order of fields is part of the interface. */
@unmanaged
export class AttentionShape {
  heads: i32
  kvHeads: i32
  headDim: i32
  /** The factor of scores. */
  scale: f32
  /** Positions that a token sees, including its own; 0: all. */
  window: i32
  /** `attention_scratch` bytes for the threads of the pool. */
  scratch: usize
  /** The following are of causal attention only. Elements of a head of values. */
  valueDim: i32
  /** Scores s become softcap · tanh(s / softcap); 0: none. */
  softcap: f32
  /** f32[heads], further scores without values; 0: none. */
  sinks: usize
  /** f32[heads]: a score is lessened by slope · distance (ALiBi); 0: none. */
  slopes: usize
}

/** The current call, for all threads. The main thread writes it before the parallel loop. */
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
  valueDim: i32
  /** Positions that a token sees in all, those after its own included; i32.MAX_VALUE: all up to its own. */
  window: i32
  /** How many positions after its own a token sees: 0 if attention is causal. */
  ahead: i32
  /** Positions of the sequence; i32.MAX_VALUE if attention is causal. */
  positions: i32
  /** Biases of scores by head and distance, see both_ways.ts; 0: none. */
  bias: usize
  /** Whether several threads share the work. */
  isShared: bool
  /** The factor of queries: it includes log2(e), so that the softmax takes powers of two. */
  scale: f32
  /** As in AttentionShape; the cap in the same units as scores. */
  softcap: f32
  sinks: usize
  slopes: usize
  /** For decode: states of SLOTS chunks, then the merged states; and the chunk in the first slot. */
  states: usize
  firstChunk: i32
  /** Per-thread scratch, and its bytes per thread. */
  threadScratch: usize
  threadScratchBytes: usize
}

export const call = changetype<Call>(memory.data(offsetof<Call>(), 64))

/** Chunks that decode works on before it merges them. */
export const SLOTS: i32 = 64

/** Rows per part of a prefill, unless a group is larger. */
const ROWS: i32 = 48

/** Largest number of tokens in a part of a prefill. */
@inline
export function tokensPerPart(group: i32): i32 {
  return max(1, ROWS / group)
}

/** Bytes of the states of all rows of one token. */
export function tokenStateBytes(heads: i32, kvHeads: i32, valueDim: i32): usize {
  return <usize>(kvHeads * tileCount(heads / kvHeads)) * stateBytes(valueDim)
}

/** Largest number of tiles in a part. */
function maxTiles(heads: i32, kvHeads: i32): i32 {
  const group = heads / kvHeads
  return max(kvHeads * tileCount(group), tileCount(group * tokensPerPart(group)))
}

/** Offsets in a thread's scratch. A Block comes first. */
const BLOCK_RECORD: usize = 128
const WIDENED_KEYS: usize = BLOCK_RECORD + BLOCK_BYTES

/**
 * Bytes of a thread's scratch: a Block, BLOCK_BYTES, a block of keys and one of values as f32[BLOCK_POSITIONS][…],
 * queries, and two sets of states for a part of a prefill: all chunks so far, and the current one.
 */
export function threadScratchBytes(heads: i32, kvHeads: i32, headDim: i32, valueDim: i32): usize {
  const tiles = maxTiles(heads, kvHeads)
  const bytes =
    WIDENED_KEYS +
    rowBytes(BLOCK_POSITIONS, headDim + valueDim) +
    rowBytes(tiles * TILE, headDim) +
    <usize>(2 * tiles) * stateBytes(valueDim)
  // No false sharing: no two threads write to one cache line.
  return (bytes + 63) & ~63
}

/** The scratch of the current thread. */
@inline
function ownScratch(): usize {
  return call.threadScratch + <usize>threadIndex() * call.threadScratchBytes
}

@inline
export function blockRecord(): Block {
  return changetype<Block>(ownScratch())
}

/** A tile's addresses of biases, u32[TILE], after the Block. */
@inline
export function biasRecord(): usize {
  return ownScratch() + BLOCK_RECORD - (<usize>TILE << 2)
}

/** BLOCK_BYTES. */
@inline
export function blockScratch(): usize {
  return ownScratch() + BLOCK_RECORD
}

@inline
export function widenedKeys(): usize {
  return ownScratch() + WIDENED_KEYS
}

@inline
export function widenedValues(): usize {
  return widenedKeys() + rowBytes(BLOCK_POSITIONS, call.headDim)
}

/** The queries of a part, in tiles. */
@inline
export function queryTiles(): usize {
  return widenedValues() + rowBytes(BLOCK_POSITIONS, call.valueDim)
}

/** Bytes of one set of states of a part of a prefill: the current chunk's is last, the merged one before it. */
@inline
export function partStateBytes(): usize {
  return <usize>maxTiles(call.heads, call.kvHeads) * stateBytes(call.valueDim)
}

@inline
export function chunkStates(): usize {
  return ownScratch() + call.threadScratchBytes - partStateBytes()
}

/** The first position that a token at `position` sees. */
@inline
export function firstVisible(position: i32): i32 {
  return max(0, position + call.ahead - call.window + 1)
}

/** The last position that a token at `position` sees. */
@inline
export function lastVisible(position: i32): i32 {
  return min(call.positions - 1, position + call.ahead)
}

