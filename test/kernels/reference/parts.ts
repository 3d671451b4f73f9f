/** What the scalar references of the block formats share. */
import { f16ToF32 } from '../../../src/gguf/half.js'

export function half(bytes: DataView, at: number): number {
  return f16ToF32(bytes.getUint16(at, true))
}

export function range<T>(count: number, make: (i: number) => T): T[] {
  const made: T[] = []
  for (let i = 0; i < count; i++) made.push(make(i))
  return made
}

/** Nibble i of 32 in 16 bytes: the low ones first. */
export function nibble(bytes: DataView, at: number, i: number): number {
  return i < 16 ? bytes.getUint8(at + i) & 15 : bytes.getUint8(at + i - 16) >> 4
}
