/**
 * How fast each block format's matrix product is, on one thread, for a batch of 128 tokens:
 *
 *   npx tsx bench/kernels/matmul.ts [baseline|relaxed|wide] [part of a format's name]
 *
 * (Node 20 wants `--experimental-wasm-relaxed-simd` for the relaxed build, Node 24 `--experimental-wasm-revectorize` for
 * the wide one.) All formats and shapes take turns. Quantising the activations is not part of it.
 */

import { ActivationKind, type Pointer } from '../../src/backend/wasm/kernels.js'
import type { BlockFormat } from '../../src/gguf/block-formats.js'
import {
  bestRates,
  buildFromArguments,
  type Case,
  createKernelBench,
  nameOf,
  RandomMatrix,
} from './kernel-bench.js'

const TOKENS = 128
const ROUNDS = 12
/** Rows × columns: attention, the two ways through the feed-forward layers of a small model, and a larger one. */
const SHAPES = [
  [576, 576],
  [1536, 576],
  [576, 1536],
  [2048, 2048],
] as const

const { build, rest } = buildFromArguments()
const wanted = rest[0] ?? ''

const bench = await createKernelBench(build)
const { kernels } = bench
const widest = Math.max(...SHAPES.flat())
const x = bench.randomFloats(TOKENS * widest)
const quantised = bench.room(TOKENS * kernels.activation_bytes(ActivationKind.int16, widest))
const out = bench.room(TOKENS * widest * 4)
const scratch = bench.room(kernels.matmul_scratch(widest))
const weights = bench.room(widest * widest * 4)

/** The formats' blocks come and go: each turn puts them, and the activations, in their place. */
function prepare(format: BlockFormat, rows: number, columns: number): Case & { place(): void } {
  const kind = kernels.tile_activation_kind(format.id)
  const isFloat = kind === ActivationKind.f32
  const stride = isFloat ? columns * 4 : kernels.activation_bytes(kind, columns)
  const matrix = new RandomMatrix(format, rows, columns)
  const one = {
    units: TOKENS * rows * columns,
    place() {
      bench.place(matrix, weights)
      for (let t = 0; t < TOKENS && !isFloat; t++) {
        const row = (x + t * columns * 4) as Pointer
        kernels.quantize_activations(kind, row, (quantised + t * stride) as Pointer, columns)
      }
    },
    run() {
      const input = isFloat ? x : quantised
      kernels.matmul(format.id, weights, input, stride, out, rows, columns, TOKENS, rows, scratch)
    },
  }
  one.place()
  one.run()
  matrix.check(bench.floats(out, rows), bench.floats(x, columns), kind)
  return one
}

const formats = bench.formats.filter(({ name }) => name.includes(wanted))
// Rows of 576 are not a multiple of 256, the block size.
const cases = formats.map((format) =>
  SHAPES.map(([rows, columns]) =>
    columns % format.blockElements === 0 ? prepare(format, rows, columns) : undefined,
  ),
)
const best = cases.map((row) => row.map(() => 0))
for (let round = 0; round < ROUNDS; round++) {
  for (const [i, row] of cases.entries()) {
    for (const [j, one] of row.entries()) {
      if (!one) continue
      one.place()
      best[i][j] = Math.max(best[i][j], ...bestRates([one], 2))
    }
  }
}

console.log(`${process.version}, ${build}: GMAC/s`)
console.log(`format   ${SHAPES.map(([rows, columns]) => `${rows}×${columns}`.padStart(10)).join('')}`)
for (const [i, format] of formats.entries()) {
  console.log(
    `${nameOf(format).padEnd(9)}${best[i].map((rate) => (rate ? (rate / 1e9).toFixed(1) : '–').padStart(10)).join('')}`,
  )
}
