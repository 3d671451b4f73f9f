import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { ActivationKind, type Pointer } from '../../src/backend/wasm/kernels.js'
import { type BlockFormat, blockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import { RandomBits } from '../support/random-model/random-bits.js'
import { randomBlocks } from '../support/random-model/random-blocks.js'
import type { BenchKernels } from './bench-kernels.js'
import { REFERENCE_FORMATS, type ReferenceFormat, scalesOf, terms } from './reference/blocks.js'
import { BUILDS, createInnerWorkbench, ROUNDING, type Workbench } from './workbench.js'

const ROWS = 3
const MAX_ELEMENTS = 4096
/** Random cases per property: more with every run of the suite. */
const RUNS = 12

let bench: Workbench<BenchKernels>

/** Random bytes, but the half-precision scales are never infinite or NaN, and scales of one byte never above half their range. */
function rawBlocks(
  reference: ReferenceFormat,
  format: BlockFormat,
  n: number,
  random: RandomBits,
): Uint8Array {
  const bytes = new Uint8Array(bytesFor(format, n))
  random.fill(bytes)
  const view = new DataView(bytes.buffer)
  const scales = scalesOf(reference)
  for (let at = 0; at < bytes.length; at += format.blockBytes) {
    for (const scale of scales) {
      const half = scale.get(view, at)
      if ((half & 0x7c00) === 0x7c00) scale.set(view, at, half ^ 0x400)
    }
    if (scales.length === 0) clearSpecial(format, bytes, at)
    for (const offset of reference.byteScales?.at ?? []) bytes[at + offset] &= 0x7f
  }
  return bytes
}

/** Clears a bit of the exponent of a value that is infinite or NaN, or so large that a product might be. */
function clearSpecial(format: BlockFormat, bytes: Uint8Array, at: number): void {
  const top = at + format.blockBytes - 1
  if (format.name === 'F16') {
    if ((bytes[top] & 0x7c) === 0x7c) bytes[top] ^= 4
  } else bytes[top] &= 0xbf
}

/** All bytes equal, except the scales, which are all the same half. */
function uniformBlocks(
  reference: ReferenceFormat,
  format: BlockFormat,
  n: number,
  byte: number,
  scale: number,
) {
  const bytes = new Uint8Array(bytesFor(format, n)).fill(byte)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < bytes.length; at += format.blockBytes) {
    for (const { set } of scalesOf(reference)) set(view, at, scale)
  }
  return bytes
}

function expectDequantized(
  reference: ReferenceFormat,
  format: BlockFormat,
  row: Uint8Array,
  n: number,
): void {
  const out = bench.allocate(4 * n)
  bench.kernels.dequantize(format.id, bench.bytes(row), out, n)
  const expected = terms(reference, row, format.blockBytes, Math.fround).map((t) =>
    Math.fround(t.product + t.offset),
  )
  const actual = bench.result(out, n)
  expect(expected).toHaveLength(n)
  // The sign of zeros is ignored: nothing depends on it.
  const wrong = expected.findIndex((value, i) => !Object.is(actual[i] + 0, value + 0))
  expect(wrong < 0 ? 'all equal' : `[${wrong}] is ${actual[wrong]}, not ${expected[wrong]}`).toBe('all equal')
}

interface Activations {
  readonly pointer: Pointer
  /** The values that the kernel actually multiplies with. */
  readonly used: readonly number[]
  /** The distance between two representable values. */
  readonly step: readonly number[]
}

function activations(format: BlockFormat, values: Float32Array): Activations {
  const n = values.length
  const x = bench.floats(values)
  const kind = bench.kernels.activation_kind(format.id)
  if (kind === ActivationKind.f32) {
    return { pointer: x, used: Array.from(values), step: Array.from(values, () => 0) }
  }
  const Integers = kind === ActivationKind.int8 ? Int8Array : Int16Array
  const valueBytes = n * Integers.BYTES_PER_ELEMENT
  const bytes = bench.kernels.activation_bytes(kind, n)
  const pointer = bench.allocate(bytes)
  bench.kernels.quantize_activations(kind, x, pointer, n)
  bench.expectGuard(pointer, bytes)
  const { buffer } = bench.read(pointer, bytes)
  const scales = new Float32Array(buffer, valueBytes, n / 32)
  return {
    pointer,
    used: Array.from(new Integers(buffer, 0, n), (v, i) => v * scales[i >> 5]),
    step: Array.from(values, (_, i) => scales[i >> 5]),
  }
}

function matvec(format: BlockFormat, rows: readonly Uint8Array[], x: Pointer, n: number): Float32Array {
  const weights = new Uint8Array(rows.length * rows[0].length)
  rows.forEach((row, r) => {
    weights.set(row, r * row.length)
  })
  const out = bench.allocate(4 * rows.length)
  bench.kernels.matvec(format.id, bench.bytes(weights), x, out, rows.length, n)
  return bench.result(out, rows.length)
}

/**
 * Checks `matvec` on three rows. Relative to the f64 reference with the same activations, the error is that of the f32 sums:
 * an accumulator takes at most n / 16 of them, and each product a dozen roundings. Against the f32 activations,
 * the error of rounding each to the nearest of 65535 or 255 steps is added (0.51: the reciprocal is rounded, too).
 */
function expectDots(
  reference: ReferenceFormat,
  format: BlockFormat,
  rows: Uint8Array[],
  x: Float32Array,
): void {
  const n = x.length
  const { pointer, used, step } = activations(format, x)
  const actual = matvec(format, rows, pointer, n)
  rows.forEach((row, r) => {
    let quantised = 0
    let exact = 0
    let size = 0
    let rounding = 0
    terms(reference, row, format.blockBytes, (value) => value).forEach(({ product, offset }, i) => {
      quantised += (product + offset) * used[i]
      exact += (product + offset) * x[i]
      size += (Math.abs(product) + Math.abs(offset)) * Math.abs(used[i])
      rounding += (Math.abs(product) + Math.abs(offset)) * step[i] * 0.51
    })
    const tolerance = (n / 16 + 12) * ROUNDING * size + 2 ** -120
    expect(Math.abs(actual[r] - quantised)).toBeLessThanOrEqual(tolerance)
    expect(Math.abs(actual[r] - exact)).toBeLessThanOrEqual(tolerance + rounding)
  })
}

function randomActivations(n: number, random: RandomBits): Float32Array {
  return Float32Array.from({ length: n }, () => (random.fraction() + random.fraction() - 1) * 3)
}

/** One block, even and odd numbers of blocks, and long rows; for plain numbers also incomplete vectors. */
function lengths(format: BlockFormat): number[] {
  const block = format.blockElements
  if (block === 1) return [1, 3, 4, 7, 16, 21, 64, MAX_ELEMENTS]
  return [block, 2 * block, 3 * block, 5 * block, MAX_ELEMENTS]
}

describe.each(BUILDS)('%s build', (build) => {
  beforeAll(async () => {
    bench = await createInnerWorkbench(build)
  })

  describe.each(REFERENCE_FORMATS)('$name', (reference) => {
    const format = blockFormat(reference.name)

    test('the reference and the table of formats agree on the block size', () => {
      const block = new DataView(new ArrayBuffer(format.blockBytes))
      expect(reference.block(block, 0, Math.fround)).toHaveLength(format.blockElements)
    })

    test.each(lengths(format))('dequantizes %d weights of usual size as ggml does, bit for bit', (n) => {
      expectDequantized(reference, format, randomBlocks(format, n, new RandomBits(n, format.name), 0.02), n)
    })

    test('dequantizes any bytes with finite scales as ggml does, bit for bit', () => {
      fc.assert(
        fc.property(fc.integer(), fc.constantFrom(...lengths(format).slice(0, 4)), (seed, n) => {
          expectDequantized(reference, format, rawBlocks(reference, format, n, new RandomBits(seed)), n)
        }),
        { numRuns: RUNS },
      )
    })

    test.each(lengths(format))('multiplies rows of %d weights of usual size', (n) => {
      const random = new RandomBits(n, format.name)
      const rows = Array.from({ length: ROWS }, () => randomBlocks(format, n, random, 0.02))
      expectDots(reference, format, rows, randomActivations(n, random))
    })

    test('multiplies any bytes with finite scales', () => {
      fc.assert(
        fc.property(fc.integer(), fc.constantFrom(...lengths(format).slice(0, 4)), (seed, n) => {
          const random = new RandomBits(seed)
          const rows = Array.from({ length: ROWS }, () => rawBlocks(reference, format, n, random))
          expectDots(reference, format, rows, randomActivations(n, random))
        }),
        { numRuns: RUNS },
      )
    })

    if (scalesOf(reference).length > 0) {
      // 1, -2, zero of both signs, the smallest and largest subnormals, the largest finite half.
      const scales = [0x3c00, 0xc000, 0x0000, 0x8000, 0x0001, 0x83ff, 0x7bff]
      const quants = [0x00, 0xff, 0x80, 0x7f, 0xf0, 0x0f]
      const cases = scales.flatMap((scale) => quants.map((byte) => ({ scale, byte })))

      test.each(cases)('extremes: scale bits $scale, bytes $byte', ({ scale, byte }) => {
        const n = 512
        const row = uniformBlocks(reference, format, n, byte, scale)
        expectDequantized(reference, format, row, n)
        // All activations at the limit of their range, first of one sign, then of both.
        expectDots(reference, format, [row], new Float32Array(n).fill(5))
        expectDots(
          reference,
          format,
          [row],
          Float32Array.from({ length: n }, (_, i) => (i % 2 ? -7 : 7)),
        )
      })
    }

    if (reference.byteScales) {
      const { at, one } = reference.byteScales

      // Those of MXFP4 grow to the largest power of two; products of 8 and 12 with it are infinite.
      test('dequantizes with every scale of one byte as ggml does, bit for bit', () => {
        const n = 256 * format.blockElements
        const row = randomBlocks(format, n, new RandomBits(5), 0.02)
        for (let byte = 0; byte < 256; byte++) {
          for (const offset of at) row[byte * format.blockBytes + offset] = byte
        }
        expectDequantized(reference, format, row, n)
      })

      test.each([0x00, 0xff, 0x80, 0x7f, 0xf0, 0x0f])('extremes: bytes %i', (byte) => {
        const n = 512
        const row = new Uint8Array(bytesFor(format, n)).fill(byte)
        for (let block = 0; block < row.length; block += format.blockBytes) {
          for (const offset of at) row[block + offset] = one
        }
        expectDequantized(reference, format, row, n)
        expectDots(reference, format, [row], new Float32Array(n).fill(5))
        expectDots(
          reference,
          format,
          [row],
          Float32Array.from({ length: n }, (_, i) => (i % 2 ? -7 : 7)),
        )
      })
    }

    test('gives a row the same bits at any index in the matrix', () => {
      const n = format.blockElements === 1 ? 333 : 3 * format.blockElements
      const random = new RandomBits(7, format.name)
      const rows = Array.from({ length: 9 }, () => randomBlocks(format, n, random, 0.02))
      const { pointer } = activations(format, randomActivations(n, random))
      const alone = rows.map((row) => matvec(format, [row], pointer, n)[0])
      for (let first = 0; first < rows.length; first++) {
        for (let end = first + 1; end <= rows.length; end++) {
          const together = matvec(format, rows.slice(first, end), pointer, n)
          expect(Array.from(together)).toEqual(alone.slice(first, end))
        }
      }
    })

    test('gives zero for zero activations', () => {
      const n = format.blockElements * 4
      const row = randomBlocks(format, n, new RandomBits(1), 0.02)
      const { pointer } = activations(format, new Float32Array(n))
      expect(matvec(format, [row], pointer, n)[0] + 0).toBe(0)
    })
  })
})
