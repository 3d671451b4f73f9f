import { call, firstVisible, SLOTS, tokenStateBytes } from './call'
import { attendChunk, packQueries } from './chunk'
import { divideUp, PAGE_POSITIONS, rowBytes, stateBytes, tileCount } from './layout'
import { clearStates, finishRows, mergeStates } from './states'
import { parallelFor } from '../thread_pool'

/**
 * A single token: a part is a chunk of positions with all heads, because memory is read fastest sequentially. SLOTS chunks
 * are computed at a time and then merged, in order, with those before.
 */
export function attendDecode(): void {
  const group = call.group
  const headDim = call.headDim
  const position = call.firstPosition
  const headStates = <usize>tileCount(group) * stateBytes(headDim)
  const slotBytes = <usize>call.kvHeads * headStates
  const merged = call.states + <usize>SLOTS * slotBytes
  for (let at = merged; at < merged + slotBytes; at += headStates) clearStates(at, group, group, position, headDim)

  const chunks = divideUp(position + 1, PAGE_POSITIONS)
  const part = attendSlot
  for (let first = firstVisible(position) / PAGE_POSITIONS; first < chunks; first += SLOTS) {
    const slots = min(SLOTS, chunks - first)
    call.firstChunk = first
    parallelFor(part.index, slots)
    for (let slot = 0; slot < slots; slot++) {
      const start = (first + slot) * PAGE_POSITIONS
      for (let at: usize = 0; at < slotBytes; at += headStates) {
        mergeStates(merged + at, call.states + <usize>slot * slotBytes + at, group, headDim, start, call.window)
      }
    }
  }
  for (let head = 0; head < call.kvHeads; head++) {
    finishRows(merged + <usize>head * headStates, call.out + rowBytes(head * group, headDim), 0, group, group, headDim)
  }
}

/** One chunk, all heads. */
function attendSlot(slot: i32): void {
  const states = call.states + <usize>slot * tokenStateBytes(call.heads, call.kvHeads, call.headDim)
  packQueries(0, call.kvHeads, 0, 1)
  attendChunk(call.firstChunk + slot, 0, call.kvHeads, 0, 1, states)
}
