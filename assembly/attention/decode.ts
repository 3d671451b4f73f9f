import { addSinks } from './adjust'
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
  const valueDim = call.valueDim
  const position = call.firstPosition
  const headStates = <usize>tileCount(group) * stateBytes(valueDim)
  const slotBytes = <usize>call.kvHeads * headStates
  const merged = call.states + <usize>SLOTS * slotBytes
  for (let at = merged; at < merged + slotBytes; at += headStates) clearStates(at, group, group, position, valueDim)

  const chunks = divideUp(position + 1, PAGE_POSITIONS)
  const part = attendSlot
  for (let first = firstVisible(position) / PAGE_POSITIONS; first < chunks; first += SLOTS) {
    const slots = min(SLOTS, chunks - first)
    call.firstChunk = first
    parallelFor(part.index, slots)
    for (let slot = 0; slot < slots; slot++) {
      const start = (first + slot) * PAGE_POSITIONS
      for (let at: usize = 0; at < slotBytes; at += headStates) {
        mergeStates(merged + at, call.states + <usize>slot * slotBytes + at, group, valueDim, start, call.window)
      }
    }
  }
  for (let head = 0; head < call.kvHeads; head++) {
    const state = merged + <usize>head * headStates
    if (call.sinks) addSinks(state, call.sinks, group, group, head * group, valueDim)
    finishRows(state, call.out + rowBytes(head * group, valueDim), 0, group, group, valueDim)
  }
}

/** One chunk, all heads. */
function attendSlot(slot: i32): void {
  const states = call.states + <usize>slot * tokenStateBytes(call.heads, call.kvHeads, call.valueDim)
  packQueries(0, call.kvHeads, 0, 1)
  attendChunk(call.firstChunk + slot, 0, call.kvHeads, 0, 1, states)
}
