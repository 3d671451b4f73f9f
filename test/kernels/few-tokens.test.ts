import { beforeAll, describe, expect, it } from 'vitest'
import { ActivationKind, type Pointer } from '../../src/backend/wasm/kernels.js'
import { REBIASED_F16 } from '../../src/backend/wasm/repack/rebiased-f16.js'
import { type BlockFormat, blockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import { RandomBits } from '../support/random-model/random-bits.js'
import { randomBlocks } from '../support/random-model/random-blocks.js'
import type { BenchKernels } from './bench-kernels.js'
import { REFERENCE_FORMATS, scalesOf } from './reference/blocks.js'
import { BUILDS, createInnerWorkbench, randomFloats, type Workbench } from './workbench.js'

/** More than two tiles of four, and an odd one. */
const MOST_TOKENS = 17
const TOKENS = [1, 2, 3, 4, 5, 6, 7, 8, 10, 17]
/** Bytes between the tokens' rows of results. */
const GAP = 12

let bench: Workbench<BenchKernels>

interface Matrix {
  readonly id: number
  readonly weights: Pointer
  readonly rowBytes: number
  readonly rows: number
  readonly columns: number
}

type Repacking = 'as in the file' | 'rebiased' | 'x8'

function matrixOf(format: BlockFormat, repacking: Repacking, rows: number, columns: number): Matrix {
  const { kernels } = bench
  const random = new RandomBits(1, `${format.name} ${rows}×${columns}`)
  const weights = bench.bytes(randomBlocks(format, rows * columns, random, 0.1))
  const rowBytes = bytesFor(format, columns)
  const matrix = { id: format.id, weights, rowBytes, rows, columns }
  if (repacking === 'rebiased') {
    expect(kernels.rebias_f16(weights, rows * columns)).toBeTruthy()
    return { ...matrix, id: REBIASED_F16.id }
  }
  if (repacking === 'as in the file') return matrix
  const id = kernels.x8_format(format.id)
  kernels.repack(id, weights, rowBytes, rows, bench.allocate(8 * rowBytes))
  return { ...matrix, id }
}

interface Activations {
  readonly pointer: Pointer
  readonly stride: number
}

function activationsOf({ id, columns }: Matrix, tokens: number): Activations {
  const { kernels } = bench
  const rows = Array.from({ length: tokens }, (_, token) => randomFloats(columns, `x${token} of ${columns}`))
  const kind = kernels.activation_kind(id)
  if (kind === ActivationKind.f32) {
    return { pointer: bench.floats(rows.flatMap((row) => Array.from(row))), stride: 4 * columns }
  }
  const stride = kernels.activation_bytes(kind, columns)
  const pointer = bench.allocate(stride * tokens)
  for (const [token, row] of rows.entries()) {
    kernels.quantize_activations(kind, bench.floats(row), (pointer + token * stride) as Pointer, columns)
  }
  return { pointer, stride }
}

/** A token's results as text, so that -0 is not 0, a NaN is itself, and thousands are compared quickly. */
function bits(values: Float32Array): string {
  return hex(new Uint8Array(values.slice().buffer))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function alone(
  { id, weights, rows, columns }: Matrix,
  { pointer, stride }: Activations,
  token: number,
): string {
  const out = bench.allocate(4 * rows)
  bench.kernels.matvec(id, weights, (pointer + token * stride) as Pointer, out, rows, columns)
  return bits(bench.result(out, rows))
}

/** Of each token; the rows are handed over in parts that begin at `parts`. */
function together(matrix: Matrix, x: Activations, tokens: number, parts: readonly number[] = [0]): string[] {
  const { id, weights, rowBytes, rows, columns } = matrix
  const outStride = 4 * rows + GAP
  const out = bench.allocate(outStride * tokens)
  const untouched = bench.read(out, outStride * tokens)
  const scratchBytes = bench.kernels.matmul_scratch(columns)
  const scratch = bench.allocate(scratchBytes)
  for (const [i, first] of parts.entries()) {
    bench.kernels.matvec_tokens(
      id,
      (weights + first * rowBytes) as Pointer,
      x.pointer,
      x.stride,
      (out + 4 * first) as Pointer,
      outStride,
      (parts[i + 1] ?? rows) - first,
      columns,
      tokens,
      scratch,
    )
  }
  bench.expectGuard(scratch, scratchBytes)
  bench.expectGuard(out, outStride * tokens)
  const written = bench.read(out, outStride * tokens)
  return Array.from({ length: tokens }, (_, token) => {
    const end = token * outStride + 4 * rows
    expect(hex(written.slice(end, end + GAP))).toBe(hex(untouched.slice(end, end + GAP)))
    return bits(new Float32Array(written.slice(token * outStride, end).buffer))
  })
}

/** A format, and what its matrices are turned into at load. */
const FORMATS: readonly [string, Repacking][] = [
  ...REFERENCE_FORMATS.map(({ name }): [string, Repacking] => [name, 'as in the file']),
  ['F16', 'rebiased'],
  ['Q4_0', 'x8'],
  ['Q4_K', 'x8'],
]

/** One block, and more columns than a panel has. */
const COLUMNS: Readonly<Record<number, readonly number[]>> = {
  1: [1, 37],
  32: [32, 544],
  64: [64, 576],
  128: [128, 640],
  256: [256, 768],
}

describe.each(BUILDS)('%s build', (build) => {
  beforeAll(async () => {
    bench = await createInnerWorkbench(build)
  })

  describe.each(FORMATS)('%s, %s', (name, repacking) => {
    const format = blockFormat(name)
    const columnCounts = COLUMNS[format.blockElements]
    const rowCounts = repacking === 'x8' ? [8, 24] : [5, 21]

    it.each(rowCounts)('gives each token the bits that it has alone, %i rows', (rows) => {
      for (const columns of columnCounts) {
        const matrix = matrixOf(format, repacking, rows, columns)
        const x = activationsOf(matrix, MOST_TOKENS)
        const expected = Array.from({ length: MOST_TOKENS }, (_, token) => alone(matrix, x, token))
        for (const tokens of TOKENS) {
          expect(together(matrix, x, tokens), `${columns} columns, ${tokens} tokens`).toEqual(
            expected.slice(0, tokens),
          )
        }
      }
    })

    it('gives more tokens than meet a group of rows at once the bits that each has alone', () => {
      const matrix = matrixOf(format, repacking, 8, columnCounts[1])
      const x = activationsOf(matrix, 67)
      const expected = Array.from({ length: 67 }, (_, token) => alone(matrix, x, token))
      expect(together(matrix, x, 67)).toEqual(expected)
    })

    it('gives a row the same bits wherever the rows are split', () => {
      const matrix = matrixOf(format, repacking, 32, columnCounts[1])
      const x = activationsOf(matrix, 7)
      const whole = together(matrix, x, 7)
      const splits =
        repacking === 'x8'
          ? [
              [0, 8],
              [0, 16, 24],
            ]
          : [
              [0, 8],
              [0, 1, 6, 13],
            ]
      for (const parts of splits) expect(together(matrix, x, 7, parts)).toEqual(whole)
    })
  })

  it('has room for the widest rows', () => {
    const matrix = matrixOf(blockFormat('Q4_0'), 'as in the file', 8, 32_768)
    const x = activationsOf(matrix, 16)
    expect(together(matrix, x, 16)[15]).toBe(alone(matrix, x, 15))
  })

  it.each([0x00, 0x7f, 0x80, 0xff])('no sum overflows where every byte of the quants is %i', (byte) => {
    for (const reference of REFERENCE_FORMATS) {
      const { name, byteScales } = reference
      const format = blockFormat(name)
      if (format.blockElements === 1) continue
      const columns = 2 * format.blockElements
      const blocks = new Uint8Array(bytesFor(format, 8 * columns)).fill(byte)
      const view = new DataView(blocks.buffer)
      for (let at = 0; at < blocks.length; at += format.blockBytes) {
        // 1 as a half.
        for (const { set } of scalesOf(reference)) set(view, at, 0x3c00)
        for (const place of byteScales?.at ?? []) blocks[at + place] = byteScales!.one
      }
      const rowBytes = bytesFor(format, columns)
      const matrix = { id: format.id, weights: bench.bytes(blocks), rowBytes, rows: 8, columns }
      const { kernels } = bench
      const kind = kernels.activation_kind(format.id)
      const stride = kernels.activation_bytes(kind, columns)
      const pointer = bench.allocate(6 * stride)
      for (let token = 0; token < 6; token++) {
        const values = bench.floats(new Float32Array(columns).fill(token % 2 ? -1 : 1))
        kernels.quantize_activations(kind, values, (pointer + token * stride) as Pointer, columns)
      }
      const x = { pointer, stride }
      const expected = Array.from({ length: 6 }, (_, token) => alone(matrix, x, token))
      expect(together(matrix, x, 6), name).toEqual(expected)
    }
  })
})
