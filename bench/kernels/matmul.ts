/**
 * How fast each block format's matrix product is, on one thread, for a batch of 64 tokens:
 *
 *   npx tsx bench/kernels/matmul.ts [baseline|relaxed] [part of a format's name]
 *
 * (Node 20 wants `--experimental-wasm-relaxed-simd` for the relaxed build.) Compiles the kernels in memory, so that a
 * changed kernel is measured without a build. Rounds go through all formats and shapes in turn, and the best of each is
 * printed: other load on the machine can only slow a run down. Quantising the activations is not part of it.
 */
import { BLOCK_FORMATS } from '../../src/gguf/block-formats.js'
import { RandomBits } from '../../src/gguf/random-bits.js'
import { randomBlocks } from '../../src/gguf/random-blocks.js'
import { ActivationKind, instantiateKernels, type Pointer } from '../../src/wasm/kernels.js'
import { compileKernels } from '../../test/kernels/compile.js'

const TOKENS = 64
const ROUNDS = 12
/** Rows × columns: attention, the two ways through the feed-forward layers of a small model, and a larger one. */
const SHAPES = [
  [576, 576],
  [1536, 576],
  [576, 1536],
  [2048, 2048],
] as const

const build = process.argv.includes('relaxed') ? 'relaxed' : 'baseline'
const wanted = process.argv.slice(2).find((argument) => !['relaxed', 'baseline'].includes(argument)) ?? ''

const memory = new WebAssembly.Memory({ initial: 1024, maximum: 65536 })
const kernels = await instantiateKernels(
  await compileKernels("export * from './assembly/index'", build),
  memory,
)
let free = kernels.heap_base()
function room(bytes: number): Pointer {
  const pointer = (free + 63) & ~63
  free = pointer + bytes
  return pointer as Pointer
}

const widest = Math.max(...SHAPES.flat())
const random = new RandomBits(1)
const x = room(TOKENS * widest * 4)
const floats = new Float32Array(memory.buffer, x, TOKENS * widest)
for (let i = 0; i < floats.length; i++) floats[i] = random.fraction() - 0.5
const quantised = room(TOKENS * widest * 3)
const out = room(TOKENS * widest * 4)
const scratch = room(kernels.matmul_scratch(widest))
const weights = room(widest * widest * 4)

interface Case {
  readonly format: string
  readonly shape: string
  readonly products: number
  readonly run: () => void
  best: number
}

/** Formats' blocks come and go: one case is set up at a time. */
function prepare(format: (typeof BLOCK_FORMATS)[number], rows: number, columns: number): Case {
  const kind = kernels.tile_activation_kind(format.id)
  const stride =
    kind === ActivationKind.f32 ? columns * 4 : Math.ceil(kernels.activation_bytes(kind, columns) / 64) * 64
  const input = kind === ActivationKind.f32 ? x : quantised
  const blocks = randomBlocks(format, rows * columns, random, 0.02)
  return {
    format: format.name,
    shape: `${rows}×${columns}`,
    products: TOKENS * rows * columns,
    best: Number.POSITIVE_INFINITY,
    run() {
      new Uint8Array(memory.buffer, weights, blocks.length).set(blocks)
      for (let t = 0; t < TOKENS && kind !== ActivationKind.f32; t++) {
        const row = (x + t * columns * 4) as Pointer
        kernels.quantize_activations(kind, row, (quantised + t * stride) as Pointer, columns)
      }
      for (let i = 0; i < 3; i++) {
        const start = performance.now()
        kernels.matmul(format.id, weights, input, stride, out, rows, columns, TOKENS, rows, scratch)
        this.best = Math.min(this.best, performance.now() - start)
      }
    },
  }
}

const cases = BLOCK_FORMATS.filter(
  ({ id, name }) => kernels.tile_activation_kind(id) !== ActivationKind.unsupported && name.includes(wanted),
).flatMap((format) => SHAPES.map(([rows, columns]) => prepare(format, rows, columns)))
for (let round = 0; round < ROUNDS; round++) for (const one of cases) one.run()

console.log(`${process.version}, ${build}: GMAC/s`)
console.log(`format  ${SHAPES.map(([rows, columns]) => `${rows}×${columns}`.padStart(10)).join('')}`)
for (const { name } of BLOCK_FORMATS) {
  const row = cases.filter(({ format }) => format === name)
  if (row.length === 0) continue
  const rates = row.map(({ products, best }) => (products / best / 1e6).toFixed(1).padStart(10))
  console.log(`${name.padEnd(8)}${rates.join('')}`)
}
