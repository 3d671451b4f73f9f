import { describe, expect, it } from 'vitest'
import { Slicer } from '../../../src/backend/wasm/slicer.js'
import { SLICE_MS } from '../../../src/platform/pacer.js'

describe('the slicer', () => {
  const SIZE = 3e9

  it('begins with small slices, then makes them as long as allowed', () => {
    const slicer = new Slicer()
    const first = slicer.slices('matmul', SIZE)
    for (let i = 0; i < 50; i++) {
      const slices = slicer.slices('matmul', SIZE)
      // 10 million multiply-adds per millisecond.
      slicer.record('matmul', SIZE / slices, SIZE / slices / 1e7)
    }
    expect(first).toBeGreaterThan(500)
    // 300 ms of work.
    expect(slicer.slices('matmul', SIZE)).toBeGreaterThan(300 / SLICE_MS)
    expect(slicer.slices('matmul', SIZE)).toBeLessThan(600 / SLICE_MS)
    expect(slicer.slices('matmul', 1e6)).toBe(1)
  })

  it('adapts to a processor that slows down or speeds up', () => {
    const slicer = new Slicer()
    const learn = (speed: number) => {
      let longest = 0
      for (let i = 0; i < 100; i++) {
        const size = SIZE / slicer.slices('matmul', SIZE)
        longest = i < 90 ? 0 : Math.max(longest, size / speed)
        slicer.record('matmul', size, size / speed)
      }
      return longest
    }
    for (const speed of [1e7, 1e6, 5e7, 2e5]) {
      const ms = learn(speed)
      expect(ms).toBeGreaterThan(SLICE_MS / 2)
      expect(ms).toBeLessThan(SLICE_MS)
    }
  })

  it('measures kinds of work separately', () => {
    const slicer = new Slicer()
    const before = slicer.slices('matvec', 1e8)
    for (let i = 0; i < 50; i++) slicer.record('matmul', 1e8, 1)
    expect(slicer.slices('matvec', 1e8)).toBe(before)
    expect(slicer.slices('matmul', 1e8)).toBe(1)
  })

  it('is right on average with a clock that ticks once in many operations', () => {
    const slicer = new Slicer()
    let time = 0
    for (let i = 0; i < 5000; i++) {
      const before = Math.floor(time / 16) * 16
      time += 0.5
      slicer.record('matvec', 1e6, Math.floor(time / 16) * 16 - before)
    }
    const slices = slicer.slices('matvec', 1e9)
    // 500 ms of work.
    expect(slices).toBeGreaterThan(500 / SLICE_MS)
    expect(slices).toBeLessThan(1000 / SLICE_MS)
  })
})
