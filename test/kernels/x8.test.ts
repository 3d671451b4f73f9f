import { beforeAll, describe, expect, it } from 'vitest'
import type { Pointer } from '../../src/backend/wasm/kernels.js'
import { BLOCK_FORMATS, type BlockFormat, blockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import { RandomBits } from '../support/random-model/random-bits.js'
import { randomBlocks } from '../support/random-model/random-blocks.js'
import type { BenchKernels } from './bench-kernels.js'
import { BUILDS, createInnerWorkbench, randomFloats, type Workbench } from './workbench.js'

/** Formats with an x8 variant, whose results must have the same bits. */
const FORMATS = ['Q4_0', 'Q4_K']

/** Groups of eight rows: fewer than matvec's streams, as many, more, and many. */
const ROWS = [8, 64, 72, 200]
/**
 * Columns, by the elements of a block: less than matvec's step, whole steps, and more than a panel of the matrix product has, with
 * many tokens and with few.
 */
const COLUMNS: Readonly<Record<number, readonly number[]>> = {
  32: [32, 128, 160, 1056, 3104],
  256: [256, 768, 1280, 3328],
}

let bench: Workbench<BenchKernels>

interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly rowBytes: number
  readonly blocks: Uint8Array
  readonly plain: { readonly id: number; readonly pointer: Pointer }
  readonly repacked: { readonly id: number; readonly pointer: Pointer }
}

function matrixOf(format: BlockFormat, rows: number, columns: number, blocks: Uint8Array): Matrix {
  const { kernels } = bench
  const rowBytes = bytesFor(format, columns)
  const id = kernels.x8_format(format.id)
  const pointer = bench.bytes(blocks)
  const scratch = bench.allocate(8 * rowBytes)
  kernels.repack(id, pointer, rowBytes, rows, scratch)
  bench.expectGuard(pointer, blocks.length)
  bench.expectGuard(scratch, 8 * rowBytes)
  const plain = { id: format.id, pointer: bench.bytes(blocks) }
  return { rows, columns, rowBytes, blocks, plain, repacked: { id, pointer } }
}

function randomMatrix(format: BlockFormat, rows: number, columns: number): Matrix {
  const random = new RandomBits(1, `${format.name} ${rows}×${columns}`)
  return matrixOf(format, rows, columns, randomBlocks(format, rows * columns, random, 0.1))
}

/** `tokens` rows of random activations of `kind`, and the bytes per row. */
function activations(kind: number, columns: number, tokens: number): [Pointer, number] {
  const { kernels } = bench
  const stride = kernels.activation_bytes(kind, columns)
  const pointer = bench.allocate(stride * tokens)
  for (let token = 0; token < tokens; token++) {
    const floats = bench.floats(randomFloats(columns, `x${token}`))
    kernels.quantize_activations(kind, floats, (pointer + token * stride) as Pointer, columns)
  }
  return [pointer, stride]
}

type StoredMatrix = Matrix['plain']

function matvec(
  { rows, columns, rowBytes }: Matrix,
  { id, pointer }: StoredMatrix,
  x: Pointer,
  borders = [0],
) {
  const out = bench.allocate(4 * rows)
  for (const [i, first] of borders.entries()) {
    const end = borders[i + 1] ?? rows
    const weights = (pointer + first * rowBytes) as Pointer
    bench.kernels.matvec(id, weights, x, (out + 4 * first) as Pointer, end - first, columns)
  }
  return bench.result(out, rows)
}

function matmul(
  { rows, columns, rowBytes }: Matrix,
  { id, pointer }: StoredMatrix,
  tokens: number,
  borders = [0],
) {
  const { kernels } = bench
  const [x, stride] = activations(kernels.tile_activation_kind(id), columns, tokens)
  const out = bench.allocate(4 * rows * tokens)
  const scratchBytes = kernels.matmul_scratch(columns)
  const scratch = bench.allocate(scratchBytes)
  for (const [i, first] of borders.entries()) {
    const count = (borders[i + 1] ?? rows) - first
    const weights = (pointer + first * rowBytes) as Pointer
    const to = (out + 4 * first) as Pointer
    kernels.matmul(id, weights, x, stride, to, count, columns, tokens, rows, scratch)
  }
  bench.expectGuard(scratch, scratchBytes)
  return bench.result(out, rows * tokens)
}

describe.each(BUILDS)('%s build', (build) => {
  beforeAll(async () => {
    bench = await createInnerWorkbench(build)
  })

  it('reports which formats have an x8 variant, under type numbers that no file has', () => {
    const { kernels } = bench
    for (const { id, name } of BLOCK_FORMATS) {
      const repacked = kernels.x8_format(id)
      expect(repacked, name).toBe(FORMATS.includes(name) ? 256 + id : 0)
      if (repacked === 0) continue
      expect(kernels.x8_format(repacked)).toBe(0)
      expect(kernels.activation_kind(repacked)).toBe(kernels.activation_kind(id))
      expect(kernels.tile_activation_kind(repacked)).toBe(kernels.tile_activation_kind(id))
    }
    expect([-1, 4, 255, 256, 2 ** 31].map((id) => kernels.x8_format(id))).toEqual([0, 0, 0, 0, 0])
  })

  describe.each(FORMATS)('%s', (name) => {
    const format = blockFormat(name)
    const shapes = ROWS.flatMap((rows) =>
      COLUMNS[format.blockElements].map((columns) => [rows, columns] as const),
    )
    // The baseline multiplies plain rows of Q4_K one at a time, with its sums in another order.
    const isSameOrder = !(build === 'baseline' && name === 'Q4_K')
    const expectSameProducts = (actual: Float32Array, plain: Float32Array) => {
      if (isSameOrder) return expect(actual).toEqual(plain)
      const largest = plain.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
      for (const [i, value] of plain.entries()) {
        if (Number.isNaN(value)) expect(actual[i]).toBeNaN()
        else expect(Math.abs(actual[i] - value)).toBeLessThanOrEqual(1e-5 * largest)
      }
    }

    it.each(shapes)('%i × %i: rows are dequantised to the same bits', (rows, columns) => {
      const matrix = randomMatrix(format, rows, columns)
      const [plain, repacked] = [matrix.plain, matrix.repacked].map(({ id, pointer }) =>
        Array.from({ length: rows }, (_, row) => {
          const out = bench.allocate(4 * columns)
          bench.kernels.dequantize_row(id, pointer, matrix.rowBytes, row, out, columns)
          return Buffer.from(bench.result(out, columns).buffer)
        }),
      )
      expect(Buffer.concat(repacked).equals(Buffer.concat(plain))).toBe(true)
    })

    it.each(shapes)('%i × %i: matvec gives the same bits, however the rows are split', (rows, columns) => {
      const matrix = randomMatrix(format, rows, columns)
      const [x] = activations(bench.kernels.activation_kind(format.id), columns, 1)
      const plain = matvec(matrix, matrix.plain, x)
      expect(new Set(plain).size).toBe(rows)
      const whole = matvec(matrix, matrix.repacked, x)
      expectSameProducts(whole, plain)
      for (const borders of [
        [0, 8],
        [0, 16, 56],
        [0, 64, 72, 80, 128],
      ]) {
        const within = borders.filter((border) => border < rows)
        expect(matvec(matrix, matrix.repacked, x, within)).toEqual(whole)
      }
    })

    it.each(shapes)('%i × %i: matmul gives the same bits, however the rows are split', (rows, columns) => {
      const matrix = randomMatrix(format, rows, columns)
      for (const tokens of [1, 6, 35]) {
        const plain = matmul(matrix, matrix.plain, tokens)
        for (const borders of [[0], [0, 8], [0, 64, 72, 80, 128]]) {
          const within = borders.filter((border) => border < rows)
          expect(matmul(matrix, matrix.repacked, tokens, within)).toEqual(plain)
        }
      }
    })

    // 1, -2, zero of both signs, the smallest and largest subnormals, the largest finite half.
    const scales = [0x3c00, 0xc000, 0x0000, 0x8000, 0x0001, 0x83ff, 0x7bff]
    const quants = [0x00, 0xff, 0xf0, 0x0f]
    const extremes = scales.flatMap((scale) => quants.map((byte) => [scale, byte] as const))

    it.each(extremes)('extremes give the same bits: scale bits %i, bytes %i', (scale, byte) => {
      const columns = 1024
      const blocks = new Uint8Array(bytesFor(format, 16 * columns)).fill(byte)
      const view = new DataView(blocks.buffer)
      for (let at = 0; at < blocks.length; at += format.blockBytes) {
        view.setUint16(at, scale, true)
        // Of Q4_K the scale of its minimums.
        if (name === 'Q4_K') view.setUint16(at + 2, scale, true)
      }
      const matrix = matrixOf(format, 16, columns, blocks)
      const { kernels } = bench
      const kind = kernels.activation_kind(format.id)
      const x = bench.allocate(kernels.activation_bytes(kind, columns))
      for (const value of [(_: unknown) => 5, (_: unknown, i: number) => (i % 2 ? -7 : 7)]) {
        kernels.quantize_activations(kind, bench.floats(Array.from({ length: columns }, value)), x, columns)
        expectSameProducts(matvec(matrix, matrix.repacked, x), matvec(matrix, matrix.plain, x))
      }
      expect(matmul(matrix, matrix.repacked, 4)).toEqual(matmul(matrix, matrix.plain, 4))
    })
  })
})
