import { beforeAll, describe, expect, it } from 'vitest'
import { ActivationKind, type Pointer } from '../../src/backend/wasm/kernels.js'
import { type BlockFormat, blockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import { RandomBits } from '../support/random-model/random-bits.js'
import { randomBlocks } from '../support/random-model/random-blocks.js'
import type { BenchKernels } from './bench-kernels.js'
import { REFERENCE_FORMATS, type ReferenceFormat, scalesOf, terms } from './reference/blocks.js'
import {
  BUILDS,
  createInnerWorkbench,
  expectWithin,
  ROUNDING,
  randomFloats,
  type Workbench,
} from './workbench.js'

let bench: Workbench<BenchKernels>

/** A matrix in blocks, and its weights as numbers. */
interface Matrix {
  readonly format: BlockFormat
  readonly blocks: Uint8Array
  readonly rows: number
  readonly columns: number
  readonly weights: Float64Array
  /** For each weight, the magnitude of the terms of which it is the sum or difference. */
  readonly sizes: Float64Array
}

function matrixOf(reference: ReferenceFormat, blocks: Uint8Array, rows: number, columns: number): Matrix {
  const format = blockFormat(reference.name)
  expect(blocks).toHaveLength(bytesFor(format, rows * columns))
  const exact = terms(reference, blocks, format.blockBytes, (value) => value)
  const weights = Float64Array.from(exact, ({ product, offset }) => product + offset)
  const sizes = Float64Array.from(exact, ({ product }) => Math.abs(product))
  for (let first = 0; format.blockElements > 1 && first < sizes.length; first += 32) {
    // A quant may be stored with an offset, which is at most the largest of its block.
    const largest = Math.max(...sizes.subarray(first, first + 32))
    for (let i = first; i < first + 32; i++) sizes[i] = 2 * largest + Math.abs(exact[i].offset)
  }
  return { format, blocks, rows, columns, weights, sizes }
}

/** Random matrices by name: all builds multiply the same ones. */
const randomMatrices = new Map<string, Matrix>()

function randomMatrix(reference: ReferenceFormat, rows: number, columns: number): Matrix {
  const name = `${reference.name} ${rows}×${columns}`
  const known = randomMatrices.get(name)
  if (known) return known
  const random = new RandomBits(1, name)
  const blocks = randomBlocks(blockFormat(reference.name), rows * columns, random, 0.1)
  const matrix = matrixOf(reference, blocks, rows, columns)
  randomMatrices.set(name, matrix)
  return matrix
}

/** Activations in the layout of a product. */
interface Activations {
  readonly pointer: Pointer
  /** Bytes per token. */
  readonly stride: number
  /** The values that the kernel actually multiplies with. */
  readonly used: readonly Float64Array[]
}

function activationsOf(kind: number, xs: readonly Float32Array[]): Activations {
  const columns = xs[0].length
  if (kind === ActivationKind.f32) {
    const pointer = bench.floats(xs.flatMap((row) => Array.from(row)))
    return { pointer, stride: 4 * columns, used: xs.map((row) => Float64Array.from(row)) }
  }
  const Integers = kind === ActivationKind.int8 ? Int8Array : Int16Array
  const valueBytes = columns * Integers.BYTES_PER_ELEMENT
  const stride = bench.kernels.activation_bytes(kind, columns)
  const pointer = bench.allocate(stride * xs.length)
  const used = xs.map((row, token) => {
    const at = (pointer + token * stride) as Pointer
    bench.kernels.quantize_activations(kind, bench.floats(row), at, columns)
    const { buffer } = bench.read(at, stride)
    const scales = new Float32Array(buffer, valueBytes, columns / 32)
    return Float64Array.from(new Integers(buffer, 0, columns), (value, i) => value * scales[i >> 5])
  })
  return { pointer, stride, used }
}

function tileActivations({ format }: Matrix, xs: readonly Float32Array[]): Activations {
  return activationsOf(bench.kernels.tile_activation_kind(format.id), xs)
}

/** Σ w·x of a row, and the magnitude to which rounding errors are relative. */
function dot({ weights, sizes, columns }: Matrix, row: number, x: Float64Array) {
  let sum = 0
  let size = 0
  for (let i = 0, at = row * columns; i < columns; i++, at++) {
    sum += weights[at] * x[i]
    size += sizes[at] * Math.abs(x[i])
  }
  return { sum, size }
}

/** Fills gaps that the kernel must not touch. */
const UNTOUCHED = -77

interface Options {
  /** Floats between the tokens' rows of `out`, which must not change. */
  readonly gap?: number
  /** First rows of the parts in which the rows are passed. */
  readonly parts?: readonly number[]
}

/** out[token][row] */
function matmul(matrix: Matrix, x: Activations, { gap = 0, parts = [0] }: Options = {}): Float32Array[] {
  const { format, blocks, rows, columns } = matrix
  const tokens = x.used.length
  const stride = rows + gap
  const weights = bench.bytes(blocks)
  const out = bench.floats(new Float32Array(tokens * stride).fill(UNTOUCHED))
  const scratchBytes = bench.kernels.matmul_scratch(columns)
  const scratch = bench.allocate(scratchBytes)
  for (const [i, first] of parts.entries()) {
    bench.kernels.matmul(
      format.id,
      (weights + bytesFor(format, first * columns)) as Pointer,
      x.pointer,
      x.stride,
      (out + 4 * first) as Pointer,
      (parts[i + 1] ?? rows) - first,
      columns,
      tokens,
      stride,
      scratch,
    )
  }
  bench.expectGuard(scratch, scratchBytes)
  const all = bench.result(out, tokens * stride)
  return x.used.map((_, token) => {
    const start = token * stride
    if (gap > 0)
      expect(all.slice(start + rows, start + stride)).toEqual(new Float32Array(gap).fill(UNTOUCHED))
    return all.slice(start, start + rows)
  })
}

/** At most one rounded addition per column, and a few roundings in each term. */
function expectProducts(matrix: Matrix, x: Activations): void {
  for (const [token, out] of matmul(matrix, x).entries()) {
    const exact = Array.from(out, (_, row) => dot(matrix, row, x.used[token]))
    const terms = matrix.format.blockElements === 1 ? matrix.columns : matrix.columns / 8
    expectWithin(
      out,
      exact.map(({ sum }) => sum),
      (row) => exact[row].size * (terms + 6) * ROUNDING,
    )
  }
}

/** Random activations by their number and the row's. */
const randomRows = new Map<string, Float32Array>()

function rowsOf(count: number, columns: number): Float32Array[] {
  return Array.from({ length: count }, (_, token) => {
    const name = `x${token} of ${columns}`
    const row = randomRows.get(name) ?? randomFloats(columns, name)
    randomRows.set(name, row)
    return row
  })
}

/** Column counts with edge cases, by the elements of a block. */
const COLUMNS: Readonly<Record<number, readonly number[]>> = {
  1: [1, 2, 3, 4, 5, 15, 16, 17, 31, 100, 255, 256, 257, 300, 515],
  32: [32, 64, 96, 224, 256, 288, 544],
  64: [64, 320],
  128: [128, 384],
  256: [256, 512, 768],
}

describe.each(BUILDS)('%s build', (build) => {
  beforeAll(async () => {
    bench = await createInnerWorkbench(build)
  })

  describe.each(REFERENCE_FORMATS)('$name', (reference) => {
    const { blockElements } = blockFormat(reference.name)
    const columnCounts = COLUMNS[blockElements]

    it.each(columnCounts)('matmul of %i columns is Σ w·x for each row and token', (columns) => {
      for (const rows of [1, 3, 4, 7, 8, 9, 21]) {
        const matrix = randomMatrix(reference, rows, columns)
        expectProducts(matrix, tileActivations(matrix, rowsOf(5, columns)))
      }
    })

    it.each(blockElements > 1 ? [0x00, 0x7f, 0x80, 0xff] : [])(
      'no sum overflows where every byte of the quants is %i and the activations are largest',
      (byte) => {
        const format = blockFormat(reference.name)
        const columns = 2 * blockElements
        const blocks = new Uint8Array(bytesFor(format, 4 * columns)).fill(byte)
        const view = new DataView(blocks.buffer)
        for (let at = 0; at < blocks.length; at += format.blockBytes) {
          // 1 as a half.
          for (const { set } of scalesOf(reference)) set(view, at, 0x3c00)
          const { at: places = [], one = 0 } = reference.byteScales ?? {}
          for (const place of places) blocks[at + place] = one
        }
        const matrix = matrixOf(reference, blocks, 4, columns)
        const xs = [1, -1].map((value) => new Float32Array(columns).fill(value))
        expectProducts(matrix, tileActivations(matrix, xs))
      },
    )

    it('gives a token the same bits in every batch', () => {
      const columns = columnCounts[columnCounts.length - 1]
      const matrix = randomMatrix(reference, 13, columns)
      const xs = rowsOf(70, columns)
      const alone = new Map(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 62, 63, 64, 69].map((token) => {
          const [out] = matmul(matrix, tileActivations(matrix, [xs[token]]))
          return [token, out]
        }),
      )
      for (const tokens of [2, 3, 4, 5, 6, 7, 8, 9, 63, 64, 65, 70]) {
        const batch = matmul(matrix, tileActivations(matrix, xs.slice(0, tokens)))
        for (const [token, out] of alone) if (token < tokens) expect(batch[token]).toEqual(out)
      }
    })

    it('gives a row the same bits however the rows are split', () => {
      const columns = columnCounts[columnCounts.length - 1]
      const matrix = randomMatrix(reference, 29, columns)
      const x = tileActivations(matrix, rowsOf(6, columns))
      const whole = matmul(matrix, x)
      for (const parts of [
        [0, 8],
        [0, 16, 24],
        [0, 1, 6, 13],
      ]) {
        expect(matmul(matrix, x, { parts })).toEqual(whole)
      }
    })

    it('does not write between the rows of two tokens', () => {
      const columns = columnCounts[columnCounts.length - 2]
      const matrix = randomMatrix(reference, 11, columns)
      const x = tileActivations(matrix, rowsOf(6, columns))
      expect(matmul(matrix, x, { gap: 6 })).toEqual(matmul(matrix, x))
    })

    it.each(columnCounts)('matvec of %i columns is Σ w·x for each row', (columns) => {
      for (const rows of [1, 7, 8, 9, 21]) {
        const matrix = randomMatrix(reference, rows, columns)
        const { format, blocks } = matrix
        const x = activationsOf(bench.kernels.activation_kind(format.id), rowsOf(1, columns))
        const out = bench.allocate(4 * rows)
        bench.kernels.matvec(format.id, bench.bytes(blocks), x.pointer, out, rows, columns)
        const exact = Array.from({ length: rows }, (_, row) => dot(matrix, row, x.used[0]))
        expectWithin(
          bench.result(out, rows),
          exact.map(({ sum }) => sum),
          (row) => exact[row].size * (columns / 16 + 24) * ROUNDING,
        )
      }
    })
  })

  describe('the kinds of activations', () => {
    it('are known for each format, and are 0 for a number that is not a format', () => {
      const { kernels } = bench
      const kinds = (names: string[], kind: (format: number) => number) =>
        names.map((name) => kind(blockFormat(name).id))
      expect(kinds(['F32', 'F16', 'BF16'], kernels.activation_kind)).toEqual([1, 1, 1])
      expect(kinds(['F32', 'F16', 'BF16'], kernels.tile_activation_kind)).toEqual([1, 1, 1])
      const few = build === 'baseline' ? 2 : 3
      // 8 bits if the processor's product of bytes is exact.
      const [q8, iq2] = kinds(['Q8_0', 'IQ2_XXS'], kernels.tile_activation_kind)
      expect([2, few]).toContain(q8)
      expect(iq2).toBe(q8)
      expect(kinds(['Q4_0', 'Q6_K'], kernels.tile_activation_kind)).toEqual([few, few])
      for (const id of [-1, 4, 5, 24, 28, 255, 2 ** 31]) {
        expect(kernels.activation_kind(id)).toBe(0)
        expect(kernels.tile_activation_kind(id)).toBe(0)
      }
    })
  })
})
