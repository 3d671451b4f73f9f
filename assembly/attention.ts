import { CachedF16, CachedF32 } from './cache-floats'
import { CachedQ8_0 } from './cache-q8_0'
import { softmax } from './softmax'

/**
 * Causal attention with grouped queries over a KV cache.
 * Source: Vaswani et al. 2017; grouped queries: Ainslie et al. 2023.
 * A layer's keys and values lie as [position][kvHeads][headDim], each head as its type holds it. A type is a class
 * with `headBytes`, `score` and `mix`, called statically on a pointer to a head at the first position.
 */

@inline
function attention<T>(
  q: usize,
  keys: usize,
  values: usize,
  out: usize,
  scores: usize,
  tokens: i32,
  firstPosition: i32,
  heads: i32,
  kvHeads: i32,
  headDim: i32,
  scale: f32,
): void {
  const headBytes = (<usize>headDim) << 2
  const cachedHeadBytes = changetype<T>(keys).headBytes(headDim)
  const stride = <usize>kvHeads * cachedHeadBytes
  const group = heads / kvHeads
  for (let token = 0; token < tokens; token++) {
    const n = firstPosition + token + 1
    for (let head = 0; head < heads; head++) {
      const offset = <usize>(head / group) * cachedHeadBytes
      changetype<T>(keys + offset).score(q, stride, scores, n, headDim, scale)
      softmax(scores, n)
      changetype<T>(values + offset).mix(scores, stride, out, n, headDim)
      q += headBytes
      out += headBytes
    }
  }
}

/**
 * `q` and `out` are f32[tokens][heads][headDim]; token i stands at `firstPosition + i` and sees every position up to
 * its own. `scores` is scratch for f32[positions] rounded up to four.
 */
export function attention_f16(
  q: usize,
  keys: usize,
  values: usize,
  out: usize,
  scores: usize,
  tokens: i32,
  firstPosition: i32,
  heads: i32,
  kvHeads: i32,
  headDim: i32,
  scale: f32,
): void {
  attention<CachedF16>(q, keys, values, out, scores, tokens, firstPosition, heads, kvHeads, headDim, scale)
}

export function attention_f32(
  q: usize,
  keys: usize,
  values: usize,
  out: usize,
  scores: usize,
  tokens: i32,
  firstPosition: i32,
  heads: i32,
  kvHeads: i32,
  headDim: i32,
  scale: f32,
): void {
  attention<CachedF32>(q, keys, values, out, scores, tokens, firstPosition, heads, kvHeads, headDim, scale)
}

/** As `attention_f16`; `headDim` is a multiple of 32. */
export function attention_q8_0(
  q: usize,
  keys: usize,
  values: usize,
  out: usize,
  scores: usize,
  tokens: i32,
  firstPosition: i32,
  heads: i32,
  kvHeads: i32,
  headDim: i32,
  scale: f32,
): void {
  attention<CachedQ8_0>(q, keys, values, out, scores, tokens, firstPosition, heads, kvHeads, headDim, scale)
}
