import { beforeAll, describe, expect, it } from 'vitest'
import { blockFormat } from '../../src/gguf/block-formats.js'
import type { TensorInfo } from '../../src/gguf/model-file.js'
import { RAISED_F16, RaisedHalves } from '../../src/model/raised-halves.js'
import type { Pointer } from '../../src/wasm/kernels.js'
import { BUILDS, createWorkbench, randomFloats, type Workbench } from './workbench.js'

const F16 = blockFormat('F16')
/** 128 as a half: the smallest that has no room. */
const LIMIT = 0x5800

const bytesOf = (halves: Uint16Array) => new Uint8Array(halves.buffer)

/** Halves of random bits below the limit, many of them subnormal. */
function randomHalves(n: number, label: string): Uint16Array {
  const values = randomFloats(2 * n, label)
  return Uint16Array.from({ length: n }, (_, i) => {
    const sign = values[2 * i] < 0 ? 0x8000 : 0
    const most = i % 3 === 0 ? 0x400 : LIMIT
    return sign | (Math.floor(Math.abs(values[2 * i + 1]) * 1e6) % most)
  })
}

describe.each(BUILDS)('%s build', (build) => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await createWorkbench(build)
  })

  const widened = (format: number, halves: Pointer, n: number) => {
    const out = bench.room(4 * n)
    bench.kernels.dequantize(format, halves, out, n)
    return bench.result(out, n)
  }

  it('every half below 128 keeps its value and comes back', () => {
    const halves = Uint16Array.from({ length: 2 * LIMIT }, (_, i) => (i < LIMIT ? i : (i - LIMIT) | 0x8000))
    const pointer = bench.bytes(bytesOf(halves))
    const before = widened(F16.id, pointer, halves.length)
    expect(bench.kernels.raise_halves(pointer, halves.length)).toBeTruthy()
    bench.expectGuard(pointer, 2 * halves.length)
    expect(widened(RAISED_F16.id, pointer, halves.length)).toEqual(before)
    bench.kernels.lower_halves(pointer, halves.length)
    bench.expectGuard(pointer, 2 * halves.length)
    expect(bench.read(pointer, 2 * halves.length)).toEqual(bytesOf(halves))
  })

  it.each([1, 7, 8, 9, 8191, 8193])('%i of them, whatever is left of a vector or a block', (n) => {
    const halves = randomHalves(n, `tail ${n}`)
    const pointer = bench.bytes(bytesOf(halves))
    const before = widened(F16.id, pointer, n)
    expect(bench.kernels.raise_halves(pointer, n)).toBeTruthy()
    bench.expectGuard(pointer, 2 * n)
    expect(widened(RAISED_F16.id, pointer, n)).toEqual(before)
  })

  it.each([LIMIT, LIMIT | 0x8000, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0xffff])(
    'a half of 128 or more, or none at all, is refused and nothing changed: %i',
    (large) => {
      for (const at of [0, 5, 8192, 9999, 10_000]) {
        const halves = randomHalves(10_001, `refused ${large}`)
        halves[at] = large
        const pointer = bench.bytes(bytesOf(halves))
        expect(bench.kernels.raise_halves(pointer, halves.length)).toBeFalsy()
        expect(bench.read(pointer, 2 * halves.length)).toEqual(bytesOf(halves))
      }
    },
  )

  it.each([
    [1, 40],
    [17, 36],
    [24, 576],
  ])('products of %i rows of %i are those of the halves as they were', (rows, columns) => {
    const halves = randomHalves(rows * columns, `product ${rows}`)
    const x = bench.floats(randomFloats(columns, 'x'))
    const products = (format: number, weights: Pointer) => {
      const out = bench.room(4 * rows)
      bench.kernels.matvec(format, weights, x, out, rows, columns)
      const alone = bench.result(out, rows)
      const scratch = bench.room(bench.kernels.matmul_scratch(columns))
      bench.kernels.matmul(format, weights, x, 4 * columns, out, rows, columns, 1, rows, scratch)
      return [alone, bench.result(out, rows)]
    }
    const raised = bench.bytes(bytesOf(halves))
    expect(bench.kernels.raise_halves(raised, halves.length)).toBeTruthy()
    const actual = products(RAISED_F16.id, raised)
    const expected = products(F16.id, bench.bytes(bytesOf(halves)))
    for (const [i, values] of actual.entries()) {
      for (const [row, value] of values.entries()) expect(value).toBeCloseTo(expected[i][row], 2)
    }
  })

  it('a tensor that comes in pieces is raised as a whole or not at all', () => {
    const tensorOf = (name: string) => ({ name, format: F16 }) as TensorInfo
    const [whole, large] = ['whole', 'large'].map(tensorOf)
    const other = { name: 'other', format: blockFormat('BF16') } as TensorInfo
    const raising = new RaisedHalves(bench.kernels)
    const pieces = [whole, large, other, large, whole, large].map((tensor, i) => {
      const halves = randomHalves(100, `piece ${i}`)
      if (tensor === large && i === 3) halves[50] = LIMIT
      const pointer = bench.bytes(bytesOf(halves))
      raising.take({ tensor, pointer, length: 200 })
      return { tensor, halves, pointer }
    })
    raising.settle()
    expect([whole, large, other].map((tensor) => raising.formatOf(tensor))).toEqual([
      RAISED_F16,
      F16,
      other.format,
    ])
    for (const { tensor, halves, pointer } of pieces) {
      const isSame = Buffer.from(bench.read(pointer, 200)).equals(bytesOf(halves))
      expect(isSame).toBe(tensor !== whole)
    }
  })
})
