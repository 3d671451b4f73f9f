import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Arena, aligned } from '../../../src/backend/wasm/arena.js'
import { PAGE_BYTES, type Pointer } from '../../../src/backend/wasm/kernels.js'
import { WASM_LIMIT } from '../../../src/backend/wasm/limits.js'

const BASE = 1000
/** Address of the first span: the base, rounded up to 64. */
const FIRST = 1024

function arenaOf(limit: number, maximumPages = 64): Arena {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: maximumPages })
  return new Arena(memory, BASE, limit)
}

describe('an arena', () => {
  it('allocates aligned spans one after another and grows the memory as needed', () => {
    const arena = arenaOf(10 * PAGE_BYTES)
    expect(arena.allocate(1, 'a')).toBe(FIRST)
    expect(arena.allocate(64, 'b')).toBe(FIRST + 64)
    expect(arena.allocate(65, 'c')).toBe(FIRST + 128)
    expect(arena.allocate(0, 'd')).toBe(FIRST + 256)
    expect(arena.memory.buffer.byteLength).toBe(PAGE_BYTES)
    expect(arena.allocate(PAGE_BYTES, 'e')).toBe(FIRST + 320)
    expect(arena.memory.buffer.byteLength).toBe(2 * PAGE_BYTES)
    expect(arena.bytesInUse).toBe(64 + 64 + 128 + 64 + PAGE_BYTES)
  })

  it('fills the lowest gap that is large enough', () => {
    const arena = arenaOf(10 * PAGE_BYTES)
    const [, small, , large] = [64, 64, 64, 640, 64].map((bytes) => arena.allocate(bytes, 'x'))
    arena.free(small)
    arena.free(large)
    expect(arena.allocate(128, 'too large for the first gap')).toBe(large)
    expect(arena.allocate(64, 'fits the first gap')).toBe(small)
    expect(arena.allocate(512, 'fits the rest of the second')).toBe(large + 128)
  })

  it.each([
    ['from the front', [1, 2, 3]],
    ['from the back', [3, 2, 1]],
    ['around the middle', [1, 3, 2]],
  ])('merges neighbours freed %s', (_, order) => {
    const arena = arenaOf(10 * PAGE_BYTES)
    const spans = [64, 64, 64, 64, 64].map((bytes) => arena.allocate(bytes, 'x'))
    for (const index of order) arena.free(spans[index])
    expect(arena.allocate(192, 'all three')).toBe(spans[1])
  })

  it('lowers its top when the last spans are freed, so that everything can be allocated again in one piece', () => {
    const arena = arenaOf(2 * PAGE_BYTES)
    const all = arena.available
    expect(all).toBe(2 * PAGE_BYTES - FIRST)
    const spans = [1000, 2000, 3000].map((bytes) => arena.allocate(bytes, 'x'))
    for (const index of [1, 0, 2]) arena.free(spans[index])
    expect(arena.available).toBe(all)
    expect(arena.bytesInUse).toBe(0)
    expect(arena.allocate(all, 'everything')).toBe(FIRST)
    expect(arena.available).toBe(0)
  })

  it('throws OUT_OF_MEMORY above its limit, naming size and purpose, and stays usable', () => {
    const arena = arenaOf(2 * PAGE_BYTES)
    expect(() => arena.allocate(2 * PAGE_BYTES, 'the weights')).toThrow(
      expect.objectContaining({
        name: 'DasllamaError',
        code: 'OUT_OF_MEMORY',
        message: 'the weights needs 131072 bytes on top of 1024 in use, and the limit is 131072',
        hint: expect.stringContaining('memoryLimit'),
      }),
    )
    expect(arena.bytesInUse).toBe(0)
    expect(arena.allocate(64, 'a smaller one')).toBe(FIRST)
  })

  it('throws OUT_OF_MEMORY when the memory cannot grow, with the cause', () => {
    const arena = arenaOf(10 * PAGE_BYTES, 2)
    expect(() => arena.allocate(3 * PAGE_BYTES, 'a cache')).toThrow(
      expect.objectContaining({
        code: 'OUT_OF_MEMORY',
        message: expect.stringMatching(/^a cache needs .* the runtime refuses to grow the memory$/),
        cause: expect.any(RangeError),
      }),
    )
    expect(arena.allocate(PAGE_BYTES, 'less')).toBe(FIRST)
  })

  it('never allocates the last bytes of 4 GiB, whose end has no 32-bit address', () => {
    const arena = arenaOf(Number.POSITIVE_INFINITY, 1)
    expect(arena.limit).toBeLessThan(WASM_LIMIT)
    expect(arena.limit).toBeGreaterThanOrEqual(WASM_LIMIT - PAGE_BYTES)
  })

  it('frees only what it allocated, and only once', () => {
    const arena = arenaOf(2 * PAGE_BYTES)
    const span = arena.allocate(64, 'x')
    expect(() => arena.free((span + 64) as Pointer)).toThrow('was not allocated')
    arena.free(span)
    expect(() => arena.free(span)).toThrow('was not allocated')
  })

  it('returns views that share the spans’ bytes', () => {
    const arena = arenaOf(2 * PAGE_BYTES)
    const span = arena.allocate(8, 'x')
    arena.floats(span, 2).set([1, -2])
    expect([...arena.bytes(span, 8)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
  })
})

/** A naive first fit: the lowest address at which a span overlaps no other. */
class NaiveArena {
  readonly spans = new Map<number, number>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get bytesInUse(): number {
    return [...this.spans.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  allocate(bytes: number): number | undefined {
    const size = Math.max(64, aligned(bytes))
    const ends = [...this.spans].map(([start, length]) => start + length)
    const isFree = (at: number) =>
      [...this.spans].every(([start, length]) => at + size <= start || at >= start + length)
    const start = [FIRST, ...ends].sort((a, b) => a - b).find(isFree)!
    if (start + size > this.#limit) return undefined
    this.spans.set(start, size)
    return start
  }
}

describe('an arena, by property', () => {
  const LIMIT = 8 * PAGE_BYTES

  it('behaves like a naive one for any sequence of allocations and frees', () => {
    const allocate = fc.record({ bytes: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.nat(LIMIT)) })
    const free = fc.record({ which: fc.nat(1000) })
    fc.assert(
      fc.property(fc.array(fc.oneof(allocate, allocate, free), { maxLength: 60 }), (steps) => {
        const arena = arenaOf(LIMIT)
        const naive = new NaiveArena(LIMIT)
        for (const step of steps) {
          if ('bytes' in step) {
            const expected = naive.allocate(step.bytes)
            if (expected === undefined) expect(() => arena.allocate(step.bytes, 'x')).toThrow('limit')
            else expect(arena.allocate(step.bytes, 'x')).toBe(expected)
          } else {
            const starts = [...naive.spans.keys()]
            if (starts.length === 0) continue
            const start = starts[step.which % starts.length]
            naive.spans.delete(start)
            arena.free(start as Pointer)
          }
          const end = Math.max(FIRST, ...[...naive.spans].map(([start, bytes]) => start + bytes))
          expect(arena.bytesInUse).toBe(naive.bytesInUse)
          expect(arena.available).toBe(LIMIT - end)
          expect(arena.memory.buffer.byteLength).toBeGreaterThanOrEqual(end)
          expect(arena.memory.buffer.byteLength).toBeLessThanOrEqual(LIMIT)
        }
      }),
      { numRuns: 300, seed: 1 },
    )
  })
})
