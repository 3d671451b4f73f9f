import { beforeAll, describe, expect, it } from 'vitest'
import { blockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import { f16ToF32 } from '../../src/gguf/half.js'
import { quantize } from '../../src/gguf/quantize.js'
import { ActivationKind, type Pointer } from '../../src/wasm/kernels.js'
import { createWorkbench, expectWithin, ROUNDING, randomFloats, type Workbench } from './workbench.js'

let bench: Workbench
beforeAll(async () => {
  bench = await createWorkbench()
})

/** A matrix in blocks, and the numbers that the blocks stand for. */
interface Matrix {
  readonly formatId: number
  readonly blocks: Uint8Array
  readonly rows: number
  readonly columns: number
  readonly weights: Float64Array
}

/** The values of blocks by their definition, in f64. */
const READERS: Readonly<Record<string, (blocks: Uint8Array) => Float64Array>> = {
  F32: (blocks) => Float64Array.from(new Float32Array(blocks.slice().buffer)),
  F16: (blocks) => Float64Array.from(new Uint16Array(blocks.slice().buffer), f16ToF32),
  Q8_0: (blocks) =>
    Float64Array.from({ length: (blocks.length / 34) * 32 }, (_, i) => {
      const block = Math.floor(i / 32) * 34
      const scale = f16ToF32(blocks[block] | (blocks[block + 1] << 8))
      return scale * ((blocks[block + 2 + (i % 32)] << 24) >> 24)
    }),
}

function matrixOf(name: string, rows: number, columns: number): Matrix {
  const format = blockFormat(name)
  const blocks = quantize(format, randomFloats(rows * columns, `${name} ${rows}×${columns}`, 0.1))
  expect(blocks).toHaveLength(bytesFor(format, rows * columns))
  return { formatId: format.id, blocks, rows, columns, weights: READERS[name](blocks) }
}

/** Σ w·x of a row, and Σ |w·x|, to which rounding errors are relative. */
function dot({ weights, columns }: Matrix, row: number, x: Float32Array) {
  let sum = 0
  let size = 0
  for (let i = 0; i < columns; i++) {
    const product = weights[row * columns + i] * x[i]
    sum += product
    size += Math.abs(product)
  }
  return { sum, size }
}

/** What stands in gaps that the kernel leaves. */
const UNTOUCHED = -77

/** out[token][row], with `gap` floats between the tokens' rows that must stay as they are. */
function matmul(matrix: Matrix, xs: readonly Float32Array[], gap = 0): Float32Array[] {
  const { formatId, blocks, rows, columns } = matrix
  const tokens = xs.length
  const stride = rows + gap
  const x = bench.floats(xs.flatMap((row) => Array.from(row)))
  const out = bench.floats(new Float32Array(tokens * stride).fill(UNTOUCHED))
  const scratchBytes = bench.kernels.matmul_scratch(columns)
  const scratch = bench.room(scratchBytes)
  bench.kernels.matmul(
    formatId,
    bench.bytes(blocks),
    x,
    columns * 4,
    out,
    rows,
    columns,
    tokens,
    stride,
    scratch,
  )
  bench.expectGuard(scratch, scratchBytes)
  const all = bench.result(out, tokens * stride)
  return xs.map((_, token) => {
    const start = token * stride
    expect(all.slice(start + rows, start + stride)).toEqual(new Float32Array(gap).fill(UNTOUCHED))
    return all.slice(start, start + rows)
  })
}

function matvec({ formatId, blocks, rows, columns }: Matrix, x: Pointer): Float32Array {
  const out = bench.room(4 * rows)
  bench.kernels.matvec(formatId, bench.bytes(blocks), x, out, rows, columns)
  return bench.result(out, rows)
}

function activations(count: number, columns: number): Float32Array[] {
  return Array.from({ length: count }, (_, token) => randomFloats(columns, `x${token} of ${columns}`))
}

const FLOAT_COLUMNS = [1, 2, 3, 4, 5, 15, 16, 17, 31, 100, 255, 256, 257, 300, 515]
const CASES: readonly [format: string, columns: readonly number[]][] = [
  ['F32', FLOAT_COLUMNS],
  ['F16', FLOAT_COLUMNS],
  ['Q8_0', [32, 64, 96, 224, 256, 288, 544]],
]

describe.each(CASES)('%s', (name, columnCounts) => {
  it.each(columnCounts)('matmul of %i columns is Σ w·x for each row and token', (columns) => {
    const xs = activations(5, columns)
    for (const rows of [1, 7, 8, 9, 21]) {
      const matrix = matrixOf(name, rows, columns)
      for (const [token, out] of matmul(matrix, xs).entries()) {
        const exact = Array.from(out, (_, row) => dot(matrix, row, xs[token]))
        // As many additions in a row as there are columns, each rounded.
        expectWithin(
          out,
          exact.map(({ sum }) => sum),
          (row) => exact[row].size * (columns + 2) * ROUNDING,
        )
      }
    }
  })

  it.each(columnCounts)('matvec of %i columns is Σ w·x for each row', (columns) => {
    const [x] = activations(1, columns)
    const quantised = name === 'Q8_0'
    let at = bench.floats(x)
    if (quantised) {
      const floats = at
      at = bench.room(columns * 2.375)
      bench.kernels.quantize_activations(ActivationKind.int16, floats, at, columns)
    }
    const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)))
    for (const rows of [1, 7, 8, 9, 21]) {
      const matrix = matrixOf(name, rows, columns)
      const exact = Array.from({ length: rows }, (_, row) => {
        const magnitudes = matrix.weights.subarray(row * columns, (row + 1) * columns).map(Math.abs)
        // Half a step of 16 bits for each activation, where they are quantised.
        const steps = quantised ? magnitudes.reduce((sum, w) => sum + w) * (largest / 32767) * 0.51 : 0
        const { sum, size } = dot(matrix, row, x)
        return { sum, tolerance: size * (columns / 16 + 24) * ROUNDING + steps }
      })
      expectWithin(
        matvec(matrix, at),
        exact.map(({ sum }) => sum),
        (row) => exact[row].tolerance,
      )
    }
  })

  it('gives a token the same bits in a batch of 1 to 9 as alone', () => {
    const columns = columnCounts[columnCounts.length - 1]
    const matrix = matrixOf(name, 13, columns)
    const xs = activations(9, columns)
    const alone = xs.map((x) => matmul(matrix, [x])[0])
    for (let tokens = 1; tokens <= 9; tokens++) {
      expect(matmul(matrix, xs.slice(0, tokens))).toEqual(alone.slice(0, tokens))
    }
  })

  it('leaves what lies between the rows of two tokens', () => {
    const columns = columnCounts[columnCounts.length - 2]
    const matrix = matrixOf(name, 11, columns)
    const xs = activations(6, columns)
    expect(matmul(matrix, xs, 6)).toEqual(matmul(matrix, xs))
  })
})

describe('activation_kind', () => {
  it('knows what each format is multiplied with, and no number that is not a format', () => {
    const { kernels } = bench
    expect(['F32', 'F16', 'Q8_0'].map((name) => kernels.activation_kind(blockFormat(name).id))).toEqual([
      1, 1, 2,
    ])
    for (const id of [-1, 4, 5, 24, 28, 255, 2 ** 31]) expect(kernels.activation_kind(id)).toBe(0)
  })
})
