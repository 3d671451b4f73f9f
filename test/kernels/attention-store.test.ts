import { beforeAll, describe, expect, it } from 'vitest'
import { blockFormat } from '../../src/gguf/block-formats.js'
import { f16ToF32, f32ToF16 } from '../../src/gguf/half.js'
import { createWorkbench, expectWithin, randomFloats, type Workbench } from './workbench.js'

let bench: Workbench
beforeAll(async () => {
  bench = await createWorkbench()
})

/** The cache's content after storing the values: scales and bytes. */
function store(values: Float32Array): { scales: number[]; bytes: number[] } {
  const blocks = values.length / 32
  const out = bench.allocate(34 * blocks)
  bench.kernels.store(blockFormat('Q8_0').id, bench.floats(values), out, values.length)
  bench.expectGuard(out, 34 * blocks)
  const view = new DataView(bench.read(out, 34 * blocks).buffer)
  return {
    scales: Array.from({ length: blocks }, (_, block) => f16ToF32(view.getUint16(34 * block, true))),
    bytes: Array.from(values, (_, i) => view.getInt8(34 * Math.floor(i / 32) + 2 + (i % 32))),
  }
}

describe('store to Q8_0', () => {
  it.each([1e-4, 1, 1000])('holds values of about %f within half a step of their block', (deviation) => {
    const values = randomFloats(32 * 9, 'store', deviation)
    const { scales, bytes } = store(values)
    const held = bytes.map((byte, i) => byte * scales[Math.floor(i / 32)])
    // If the scale was rounded down, its block's largest value is slightly beyond 127 steps.
    const rounding = (scale: number) => 127 * Math.max(scale * 2 ** -11, 2 ** -25)
    expectWithin(held, values, (i) => {
      const scale = scales[Math.floor(i / 32)]
      return scale / 2 + rounding(scale)
    })
  })

  it('takes the largest magnitude over 127, rounded to f16, as the scale', () => {
    const values = randomFloats(32 * 5, 'scale')
    const { scales, bytes } = store(values)
    for (const [block, scale] of scales.entries()) {
      const of = values.subarray(32 * block, 32 * block + 32)
      const largest = Math.max(...of.map(Math.abs))
      expect(scale).toBe(f16ToF32(f32ToF16(Math.fround(largest / 127))))
      const at = of.findIndex((value) => Math.abs(value) === largest)
      expect(Math.abs(bytes[32 * block + at])).toBe(127)
    }
  })

  it('has one scale per block of 32 values', () => {
    const values = new Float32Array(96).fill(1)
    values[40] = -50
    const { scales, bytes } = store(values)
    expect(scales[1]).toBeGreaterThan(40 * scales[0])
    expect(scales[2]).toBe(scales[0])
    expect(bytes[40]).toBe(-127)
    expect(bytes[63]).toBe(3)
    expect(bytes[64]).toBe(127)
  })

  it('stores zeros, and values whose scale is too small for f16, as zeros', () => {
    for (const value of [0, -0, 1e-30, 1e-8]) {
      expect(store(new Float32Array(32).fill(value))).toEqual({ scales: [0], bytes: new Array(32).fill(0) })
    }
  })
})
