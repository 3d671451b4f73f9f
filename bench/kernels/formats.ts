/**
 * How fast each block format's `dot` and `dequantize` are on rows that stay in the L2 cache, on one thread:
 *
 *   npx tsx bench/kernels/formats.ts [part of a format's name]
 *
 * Compiles the kernels in memory, so that a changed kernel is measured without a build. The best of many short runs
 * is printed: other load on the machine can only slow a run down.
 */
import { BLOCK_FORMATS, bytesFor } from '../../src/gguf/block-formats.js'
import { RandomBits } from '../../src/gguf/random-bits.js'
import { randomBlocks } from '../../src/gguf/random-blocks.js'
import { ActivationKind, instantiateKernels, type Pointer } from '../../src/wasm/kernels.js'
import { compileKernels } from '../../test/kernels/compile.js'

const ROWS = 64
const COLUMNS = 2048
const RUNS = 40
const REPEATS = 15

function bestSeconds(run: () => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now()
    for (let k = 0; k < REPEATS; k++) run()
    best = Math.min(best, performance.now() - start)
  }
  return best / REPEATS / 1000
}

const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 })
const kernels = await instantiateKernels(await compileKernels("export * from './assembly/index'"), memory)
const x = ((kernels.heap_base() + 15) & ~15) as Pointer
const quantised = (x + COLUMNS * 4) as Pointer
const out = (quantised + COLUMNS * 3) as Pointer
const weights = (out + COLUMNS * 4) as Pointer

const random = new RandomBits(1)
const activations = new Float32Array(memory.buffer, x, COLUMNS)
for (let i = 0; i < COLUMNS; i++) activations[i] = random.fraction() - 0.5
kernels.quantize_activations(ActivationKind.int16, x, quantised, COLUMNS)

console.log('format    dot, GMAC/s  dequantize, 10^9 weights/s')
for (const format of BLOCK_FORMATS) {
  const kind = kernels.activation_kind(format.id)
  if (kind === ActivationKind.unsupported || !format.name.includes(process.argv[2] ?? '')) continue
  const blocks = randomBlocks(format, ROWS * COLUMNS, random, 0.02)
  new Uint8Array(memory.buffer, weights, blocks.length).set(blocks)
  const input = kind === ActivationKind.f32 ? x : quantised
  const rowBytes = bytesFor(format, COLUMNS)
  const dot = bestSeconds(() => kernels.matvec(format.id, weights, input, out, ROWS, COLUMNS))
  const dequantize = bestSeconds(() => {
    for (let r = 0; r < ROWS; r++) {
      kernels.dequantize(format.id, (weights + r * rowBytes) as Pointer, out, COLUMNS)
    }
  })
  const rate = (seconds: number) => ((ROWS * COLUMNS) / seconds / 1e9).toFixed(1)
  console.log(`${format.name.padEnd(8)} ${rate(dot).padStart(12)} ${rate(dequantize).padStart(27)}`)
}
