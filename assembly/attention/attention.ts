import { LOG2_E } from './adjust'
import { AttentionShape, call, threadScratchBytes, SLOTS, tokenStateBytes } from './call'
import { beginCall } from './begin'
import { attendDecode } from './decode'
import { attendPrefill } from './prefill'

/**
 * Causal attention with grouped queries over a paged KV cache, within a window if the layer has one.
 * Source: Vaswani et al. 2017; grouped queries: Ainslie et al. 2023; online softmax: Milakov and Gimelshein 2018, Dao et
 * al. 2022; windows: Beltagy et al. 2020; pages: Kwon et al. 2023; soft cap: Gemma team
 * 2024; sinks: Xiao et al. 2023; slopes: Press et al. 2022.
 *
 * A page holds PAGE_POSITIONS positions. Within it, a layer's keys are [position][kvHeads][headDim], each head in the
 * cache's type, and so are its values, with `valueDim`. The query heads of a group are rows that share their keys, in tiles
 * of up to four (layout.ts). How the work is split among threads: decode.ts, prefill.ts.
 *
 * A row's arithmetic depends only on its own position: chunks and blocks are counted from position 0, every chunk has its
 * own softmax, chunks are merged in order, and masked positions add nothing. So a token's bits do not depend on its batch,
 * the number of threads, or where its pages are.
 */

/** Bytes of an AttentionShape. */
export function attention_shape_bytes(): i32 {
  return offsetof<AttentionShape>()
}

/** Bytes of scratch that `attention` needs for `threads` threads. */
export function attention_scratch(threads: i32, heads: i32, kvHeads: i32, headDim: i32, valueDim: i32): usize {
  return (
    <usize>threads * threadScratchBytes(heads, kvHeads, headDim, valueDim) +
    <usize>(SLOTS + 1) * tokenStateBytes(heads, kvHeads, valueDim)
  )
}

/**
 * `shape` is an AttentionShape, whose `headDim` and `valueDim` are multiples of four (of 32 for Q8_0); `type` is ggml's type
 * number of the cache; `q` is f32[tokens][heads][headDim] and `out` f32[tokens][heads][valueDim]; token i is at position `firstPosition + i`. Page p of the
 * sequence is at address pages[p] (u32), with this layer's keys at `keysOffset` and its values at `valuesOffset`. Pages
 * that no token sees are not read, nor are positions before every token's window.
 */
export function attention(
  shape: usize,
  type: i32,
  q: usize,
  pages: usize,
  keysOffset: usize,
  valuesOffset: usize,
  out: usize,
  tokens: i32,
  firstPosition: i32,
): void {
  const layer = changetype<AttentionShape>(shape)
  beginCall(shape, layer.valueDim, type, q, pages, keysOffset, valuesOffset, out, tokens, firstPosition)
  call.softcap = layer.softcap * LOG2_E
  call.sinks = layer.sinks
  call.slopes = layer.slopes
  if (tokens == 1) attendDecode()
  else attendPrefill()
}
