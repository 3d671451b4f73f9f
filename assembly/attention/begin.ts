import { LOG2_E } from './adjust'
import { AttentionShape, call, threadScratchBytes, SLOTS, tokenStateBytes } from './call'
import { threadCount } from '../thread_pool'

/**
 * Writes the current call, of causal attention whose scores are only scaled; the arguments are those of `attention`, and
 * the elements of a head of values.
 */
export function beginCall(
  shape: usize,
  valueDim: i32,
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
  const heads = layer.heads
  const kvHeads = layer.kvHeads
  const headDim = layer.headDim
  call.type = type
  call.q = q
  call.pages = pages
  call.keysOffset = keysOffset
  call.valuesOffset = valuesOffset
  call.out = out
  call.tokens = tokens
  call.firstPosition = firstPosition
  call.heads = heads
  call.kvHeads = kvHeads
  call.group = heads / kvHeads
  call.headDim = headDim
  call.valueDim = valueDim
  call.window = layer.window > 0 ? layer.window : i32.MAX_VALUE
  call.ahead = 0
  call.positions = i32.MAX_VALUE
  call.bias = 0
  call.softcap = 0
  call.sinks = 0
  call.slopes = 0
  call.isShared = threadCount() > 1
  call.scale = layer.scale * LOG2_E
  call.states = layer.scratch
  call.threadScratch = layer.scratch + <usize>(SLOTS + 1) * tokenStateBytes(heads, kvHeads, valueDim)
  call.threadScratchBytes = threadScratchBytes(heads, kvHeads, headDim, valueDim)
}
