import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { blockFormat } from '../../src/gguf/block-formats.js'
import { f16ToF32, f32ToF16 } from '../../src/gguf/half.js'
import { createWorkbench, randomFloats, type Workbench } from './workbench.js'

const [F16, F32] = ['F16', 'F32'].map((name) => blockFormat(name).id)

let bench: Workbench
beforeAll(async () => {
  bench = await createWorkbench()
})

function storeF16(values: ArrayLike<number>): Uint16Array {
  const out = bench.allocate(2 * values.length)
  bench.kernels.store(F16, bench.floats(values), out, values.length)
  bench.expectGuard(out, 2 * values.length)
  return new Uint16Array(bench.read(out, 2 * values.length).buffer)
}

/** Bits of the largest finite half; all positive finite halves have bits from 0 to this. */
const LARGEST = 0x7bff

describe('store to F16', () => {
  it('keeps every half, including infinities', () => {
    const finite = Uint16Array.from({ length: 65536 }, (_, bits) => bits).filter(
      (bits) => (bits & 0x7fff) <= LARGEST,
    )
    const halves = Uint16Array.of(...finite, 0x7c00, 0xfc00, 0, 0x8000)
    expect(storeF16(Float32Array.from(halves, f16ToF32))).toEqual(halves)
  })

  it('rounds to the nearest half, ties to even', () => {
    for (let first = 0; first < LARGEST - 4; first += 4 * 7) {
      const values: number[] = []
      const expected: number[] = []
      for (let bits = first; bits < first + 4; bits++) {
        const low = f16ToF32(bits)
        const gap = f16ToF32(bits + 1) - low
        values.push(low + gap * 0.499, low + gap / 2, low + gap * 0.501, -(low + gap / 2))
        expected.push(bits, bits + (bits & 1), bits + 1, 0x8000 | (bits + (bits & 1)))
      }
      expect(storeF16(values)).toEqual(Uint16Array.from(expected))
    }
  })

  it('rounds to infinity from half a step above the largest half', () => {
    expect([...storeF16([65504, 65519.99, 65520, 1e30])]).toEqual([0x7bff, 0x7bff, 0x7c00, 0x7c00])
    expect([...storeF16([-65520, 2 ** -25, 2 ** -25 * 1.001, -(2 ** -26)])]).toEqual([0xfc00, 0, 1, 0x8000])
  })

  it('makes every NaN the quiet NaN', () => {
    const [nan, , , zero] = storeF16([Number.NaN, 1, 2, 0])
    expect([nan & 0x7fff, zero]).toEqual([0x7e00, 0])
  })

  it('agrees with the GGUF writer on any float', () => {
    const four = fc.array(fc.float(), { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(four, (values) => {
        expect([...storeF16(values)].map(withoutSignOfNaN)).toEqual(
          values.map(f32ToF16).map(withoutSignOfNaN),
        )
      }),
      { numRuns: 1000, seed: 1 },
    )
  })
})

describe('store to F32', () => {
  it('copies', () => {
    const values = randomFloats(23, 'copy')
    const out = bench.allocate(4 * 23)
    bench.kernels.store(F32, bench.floats(values), out, 23)
    expect(bench.result(out, 23)).toEqual(values)
  })
})

function withoutSignOfNaN(bits: number): number {
  return (bits & 0x7fff) > 0x7c00 ? bits & 0x7fff : bits
}
