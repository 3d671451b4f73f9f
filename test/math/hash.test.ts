import { describe, expect, it } from 'vitest'
import { hash32 } from '../../src/math/hash.js'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('hash32', () => {
  // Published test vectors of MurmurHash3_x86_32.
  it.each([
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['a', 0x9747b28c, 0x7fa09ea6],
    ['aa', 0x9747b28c, 0x5d211726],
    ['aaa', 0x9747b28c, 0x283e0130],
    ['aaaa', 0x9747b28c, 0x5a97808a],
    ['abc', 0, 0xb3dd93fa],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
  ])('of %o with seed %i', (text, seed, expected) => {
    expect(hash32(bytes(text), seed)).toBe(expected)
  })

  it('does not depend on where the bytes lie', () => {
    const at = (offset: number) => {
      const around = new Uint8Array(40).fill(7)
      around.set(bytes('somewhere else'), offset)
      return hash32(around.subarray(offset, offset + 14))
    }
    expect([1, 2, 3, 8].map(at)).toEqual(new Array(4).fill(at(0)))
  })

  it('notices each changed bit', () => {
    const original = Uint8Array.from({ length: 37 }, (_, i) => i * 7)
    const seen = new Set([hash32(original)])
    for (let bit = 0; bit < 37 * 8; bit++) {
      const changed = original.slice()
      changed[bit >> 3] ^= 1 << (bit & 7)
      seen.add(hash32(changed))
    }
    expect(seen.size).toBe(37 * 8 + 1)
  })
})
