import { isEncoder, type Program } from '../../program.js'
import { sequenceBytes } from '../kv-layout.js'
import { schedule } from '../schedule.js'
import { textBytes } from './encoder.js'

/** Upper bound of the bytes that a text of an encoder, or a sequence with an f16 cache, takes for `positions` positions. */
export function contextBytes(program: Program, positions: number): number {
  return isEncoder(program)
    ? textBytes(program, schedule(program), positions)
    : sequenceBytes([...program.memories, ...(program.draftHead?.memories ?? [])], positions, 'f16')
}
