import { call, chunkStates, firstVisible, partStatesBytes, tokensOfPart } from './call'
import { attendChunk, layPart } from './chunk'
import { divideUp, PAGE_POSITIONS, rowBytes } from './layout'
import { clearStates, finishRows, mergeStates } from './states'
import { share } from '../thread_pool'

/** Several tokens: a part is one kv head and some of the tokens, and each block of the cache is widened to f32 for all of them. */
export function attendPrefill(): void {
  const part = attendPart
  share(part.index, call.kvHeads * divideUp(call.tokens, tokensOfPart(call.group)))
}

/** Some of the tokens and one kv head, all chunks that any of them sees. */
function attendPart(part: i32): void {
  const group = call.group
  const headDim = call.headDim
  const most = tokensOfPart(group)
  const parts = divideUp(call.tokens, most)
  const head = part / parts
  const token = (part % parts) * most
  const tokens = min(most, call.tokens - token)
  const rows = tokens * group
  const position = call.firstPosition + token
  const states = chunkStates()
  const merged = states - partStatesBytes()

  layPart(head, 1, token, tokens)
  clearStates(merged, rows, group, position, headDim)
  const end = position + tokens
  for (let start = firstVisible(position) & ~(PAGE_POSITIONS - 1); start < end; start += PAGE_POSITIONS) {
    attendChunk(start / PAGE_POSITIONS, head, 1, token, tokens, states)
    mergeStates(merged, states, rows, headDim, start, call.window)
  }
  const tokenBytes = rowBytes(call.heads, headDim)
  const out = call.out + <usize>token * tokenBytes + rowBytes(head * group, headDim)
  finishRows(merged, out, tokenBytes, rows, group, headDim)
}
