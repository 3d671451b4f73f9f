import { AttentionShape, call } from './call'
import { beginCall } from './begin'
import { attendPrefill } from './prefill'

/**
 * Attention in both directions, for encoders: each token sees all positions of its text, or those at a distance below the
 * shape's `window` (0: all). Source: Devlin et al. 2019; windows: Beltagy et al. 2020.
 *
 * The arguments are those of `attention`, on pages that hold all `positions` positions of the text. `bias`: what is added to
 * scores by head and distance, see bias.ts; 0: nothing.
 */
export function attention_both_ways(
  shape: usize,
  type: i32,
  q: usize,
  pages: usize,
  keysOffset: usize,
  valuesOffset: usize,
  out: usize,
  tokens: i32,
  firstPosition: i32,
  positions: i32,
  bias: usize,
): void {
  const layer = changetype<AttentionShape>(shape)
  const window = layer.window
  beginCall(shape, layer.headDim, type, q, pages, keysOffset, valuesOffset, out, tokens, firstPosition)
  call.ahead = (window > 0 ? min(window, positions) : positions) - 1
  call.window = 2 * call.ahead + 1
  call.positions = positions
  call.bias = bias
  attendPrefill()
}
