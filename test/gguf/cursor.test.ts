import { describe, expect, it } from 'vitest'
import { Cursor } from '../../src/gguf/cursor.js'
import { LIMITS } from '../../src/gguf/limits.js'
import { bytesSource } from '../../src/storage/bytes.js'

const BYTES = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 256)

describe('Cursor', () => {
  it('reads on across its windows, and past them', async () => {
    const cursor = new Cursor(bytesSource(BYTES), { start: 5 })
    await cursor.need(4, 'a number')
    expect(cursor.u32()).toBe(0x08070605)
    const large = new Uint8Array(2_000_000)
    await cursor.readInto(large, 'much')
    expect(Buffer.compare(large, BYTES.subarray(9, 2_000_009))).toBe(0)
    expect(cursor.offset).toBe(2_000_009)
    expect(cursor.has(1)).toBe(false)
    await cursor.need(1, 'a byte')
    expect(cursor.u8()).toBe(2_000_009 % 256)
    const small = new Uint8Array(3)
    await cursor.readInto(small, 'a little')
    expect([...small]).toEqual([138, 139, 140])
    expect(cursor.remaining).toBe(3_000_000 - 2_000_013)
  })

  it('rejects lengths beyond the data, without reading', async () => {
    const cursor = new Cursor(bytesSource(BYTES, 'x'), { start: 2_999_998 })
    await expect(cursor.need(3, 'the end')).rejects.toMatchObject({
      code: 'TRUNCATED',
      message: 'x: the data ends at byte 3000000, within the end at byte 2999998 (3 bytes needed, 2 left)',
    })
  })

  it('stops at the limit on header bytes, however large the file', async () => {
    let reads = 0
    const endless = { ...bytesSource(BYTES), size: 2 ** 45, read: async () => void reads++ }
    const start = 2 ** 44
    const cursor = new Cursor(endless, { start })
    await expect(cursor.need(LIMITS.headerBytes + 1, 'a string')).rejects.toMatchObject({ code: 'LIMIT' })
    expect(reads).toBe(0)
    expect(() => cursor.expect(LIMITS.headerBytes, 'a string')).not.toThrow()
  })
})
