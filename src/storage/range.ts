import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'

/** Throws `TRUNCATED` unless `length` bytes from `offset` on lie within a source of `size` bytes. */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  if (offset >= 0 && length <= size - offset) return
  throw new DasllamaError(
    'TRUNCATED',
    `${displayName(name)}: cannot read ${length} bytes at byte ${offset}: the data ends at byte ${size}`,
    { hint: 'the file may be incomplete: compare its size with the original' },
  )
}
