import type { MemorySpec } from '../memory.js'
import { aligned } from './arena.js'

/** Where the states of a program's recurrent memories at one length of a sequence lie in one span. */
export interface StateLayout {
  /** In bytes from the start of the span, 64-byte aligned, by the memory's number; -1 for keys and values. */
  readonly offsets: readonly number[]
  /** Of the whole span, a multiple of 64; 0 if no memory is recurrent. */
  readonly bytes: number
}

/** The layout of the recurrent ones among a program's memories: one f32[values] after the other, in order. */
export function stateLayout(memories: readonly MemorySpec[]): StateLayout {
  let bytes = 0
  const offsets = memories.map((spec) => {
    if (spec.kind !== 'recurrent') return -1
    const offset = bytes
    bytes += aligned(4 * spec.values)
    return offset
  })
  return { offsets, bytes }
}

/**
 * States that a sequence needs: one before a run of rows, and two that its rows write in turn. Whatever else it keeps, such as
 * checkpoints, gives way where memory is short.
 */
export const NEEDED_STATES = 3
