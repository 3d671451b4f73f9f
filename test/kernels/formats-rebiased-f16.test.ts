import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Pointer } from '../../src/backend/wasm/kernels.js'
import { REBIASED_F16 } from '../../src/backend/wasm/repack/rebiased-f16.js'
import { blockFormat } from '../../src/gguf/block-formats.js'
import { f16ToF32 } from '../../src/gguf/half.js'
import { RandomBits } from '../support/random-model/random-bits.js'
import type { BenchKernels } from './bench-kernels.js'
import { BUILDS, createInnerWorkbench, randomFloats, type Workbench } from './workbench.js'

const F16 = blockFormat('F16')
/** 128 as a half. */
const LIMIT = 0x5800
/** As many as the kernel rebiases in one go. */
const BLOCK = 8192

let bench: Workbench<BenchKernels>

/** Every half below 128, of both signs. */
const ALL = Uint16Array.from({ length: 2 * LIMIT }, (_, i) => (i < LIMIT ? i : 0x8000 + i - LIMIT))

function placed(halves: Uint16Array): Pointer {
  return bench.bytes(new Uint8Array(halves.slice().buffer))
}

function halvesAt(pointer: Pointer, n: number): number[] {
  bench.expectGuard(pointer, 2 * n)
  return Array.from(new Uint16Array(bench.read(pointer, 2 * n).buffer))
}

/** `n` halves below 128, some subnormal or zero. */
function randomHalves(n: number, seed: number): Uint16Array {
  const random = new RandomBits(seed)
  return Uint16Array.from({ length: n }, () => {
    const magnitude = random.fraction() < 0.3 ? random.fraction() * 0x500 : random.fraction() * LIMIT
    return (random.fraction() < 0.5 ? 0x8000 : 0) | magnitude
  })
}

describe.each(BUILDS)('%s build', (build) => {
  beforeAll(async () => {
    bench = await createInnerWorkbench(build)
  })

  test.each([
    ['many at a time', ALL.length],
    ['one at a time', 1],
  ])('every half below 128 keeps its value and can be restored: %s', (_, n) => {
    const halves = placed(ALL)
    const out = bench.allocate(4 * ALL.length)
    for (let i = 0; i < ALL.length; i += n) {
      const at = (halves + 2 * i) as Pointer
      expect(bench.kernels.rebias_f16(at, n)).toBeTruthy()
      bench.kernels.dequantize(REBIASED_F16.id, at, (out + 4 * i) as Pointer, n)
    }
    const rebiased = halvesAt(halves, ALL.length)
    // Only zeros have no exponent bits.
    expect(rebiased.filter((bits) => (bits & 0x7c00) === 0)).toEqual([0, 0x8000])
    const values = bench.result(out, ALL.length)
    expect(Array.from(ALL).filter((half, i) => !Object.is(values[i], f16ToF32(half)))).toEqual([])
    for (let i = 0; i < ALL.length; i += n) bench.kernels.restore_f16((halves + 2 * i) as Pointer, n)
    expect(halvesAt(halves, ALL.length)).toEqual(Array.from(ALL))
  })

  test.each([
    ['128', LIMIT],
    ['-128', 0x8000 | LIMIT],
    ['the largest', 0x7bff],
    ['infinity', 0x7c00],
    ['minus infinity', 0xfc00],
    ['NaN', 0x7e01],
  ])('an unsuitable half leaves all unchanged: %s', (_, half) => {
    const n = 2 * BLOCK + 13
    for (const place of [0, 7, BLOCK - 1, BLOCK, 2 * BLOCK + 7, n - 1]) {
      const halves = randomHalves(n, place)
      halves[place] = half
      const pointer = placed(halves)
      expect(bench.kernels.rebias_f16(pointer, n)).toBeFalsy()
      expect(halvesAt(pointer, n)).toEqual(Array.from(halves))
    }
  })

  test('products have the same bits as with F16', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 19 }),
        (seed, n, rows) => {
          const { kernels } = bench
          const pointer = placed(randomHalves(rows * n, seed))
          const tokens = 5
          const x = bench.floats(randomFloats(tokens * n, `${seed}`))
          const products = (id: number): number[] => {
            const out = bench.allocate(4 * rows * (1 + tokens))
            kernels.matvec(id, pointer, x, out, rows, n)
            const batched = (out + 4 * rows) as Pointer
            const scratch = bench.allocate(kernels.matmul_scratch(n))
            kernels.matmul(id, pointer, x, 4 * n, batched, rows, n, tokens, rows, scratch)
            return Array.from(bench.result(out, rows * (1 + tokens)))
          }
          const plain = products(F16.id)
          expect(kernels.rebias_f16(pointer, rows * n)).toBeTruthy()
          expect(products(REBIASED_F16.id)).toEqual(plain)
        },
      ),
      { numRuns: 60 },
    )
  })
})
