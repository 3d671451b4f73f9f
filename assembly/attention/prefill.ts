import { addSinks } from './adjust'
import { call, chunkStates, firstVisible, lastVisible, partStateBytes, tokensPerPart } from './call'
import { attendChunk, packQueries } from './chunk'
import { divideUp, PAGE_POSITIONS, rowBytes } from './layout'
import { clearStates, finishRows, mergeStates } from './states'
import { parallelFor } from '../thread_pool'

/** Several tokens: a part is one kv head and some of the tokens; it widens each block of the cache to f32 once for all of them. */
export function attendPrefill(): void {
  const part = attendPart
  parallelFor(part.index, call.kvHeads * divideUp(call.tokens, tokensPerPart(call.group)))
}

/** One kv head and some of the tokens, over all chunks that any of them sees. */
function attendPart(part: i32): void {
  const group = call.group
  const valueDim = call.valueDim
  const most = tokensPerPart(group)
  const parts = divideUp(call.tokens, most)
  const head = part / parts
  const token = (part % parts) * most
  const tokens = min(most, call.tokens - token)
  const rows = tokens * group
  const position = call.firstPosition + token
  const states = chunkStates()
  const merged = states - partStateBytes()

  packQueries(head, 1, token, tokens)
  clearStates(merged, rows, group, position + call.ahead, valueDim)
  const end = lastVisible(position + tokens - 1) + 1
  for (let start = firstVisible(position) & ~(PAGE_POSITIONS - 1); start < end; start += PAGE_POSITIONS) {
    attendChunk(start / PAGE_POSITIONS, head, 1, token, tokens, states)
    mergeStates(merged, states, rows, valueDim, start, call.window)
  }
  const tokenBytes = rowBytes(call.heads, valueDim)
  const out = call.out + <usize>token * tokenBytes + rowBytes(head * group, valueDim)
  if (call.sinks) addSinks(merged, call.sinks, rows, group, head * group, valueDim)
  finishRows(merged, out, tokenBytes, rows, group, valueDim)
}
