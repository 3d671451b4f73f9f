/**
 * How fast each block format's matrix × vector product and `dequantize` are on rows that stay in the L2 cache, on one
 * thread, for each build of the kernels that the engine runs:
 *
 *   npx tsx bench/kernels/formats.ts [part of a format's name]
 *
 * (Node 20 runs the relaxed build with `--experimental-wasm-relaxed-simd`.) Compiles the kernels in memory, so that a
 * changed kernel is measured without a build. The best of many short runs is printed: other load on the machine can
 * only slow a run down.
 */
import { BLOCK_FORMATS, type BlockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import { RandomBits } from '../../src/gguf/random-bits.js'
import { randomBlocks } from '../../src/gguf/random-blocks.js'
import {
  ActivationKind,
  instantiateKernels,
  type KernelBuild,
  type Kernels,
  type Pointer,
} from '../../src/wasm/kernels.js'
import { hasRelaxedSimd } from '../../src/wasm/relaxed-simd.js'
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

/** Kernels with a row of activations, f32 and as each kind, and room for weights. */
interface Bench {
  readonly kernels: Kernels
  readonly memory: WebAssembly.Memory
  /** Where the activations of each kind lie. */
  readonly inputs: Readonly<Record<number, Pointer>>
  readonly out: Pointer
  readonly weights: Pointer
}

async function prepare(build: KernelBuild): Promise<Bench> {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 })
  const bytes = await compileKernels("export * from './assembly/index'", build)
  const kernels = await instantiateKernels(bytes, memory)
  let free = (kernels.heap_base() + 63) & ~63
  const room = (size: number): Pointer => {
    free += (size + 63) & ~63
    return (free - ((size + 63) & ~63)) as Pointer
  }
  const x = room(COLUMNS * 4)
  const int16 = room(COLUMNS * 3)
  const int8 = room(COLUMNS * 2)
  const random = new RandomBits(1)
  const activations = new Float32Array(memory.buffer, x, COLUMNS)
  for (let i = 0; i < COLUMNS; i++) activations[i] = random.fraction() - 0.5
  kernels.quantize_activations(ActivationKind.int16, x, int16, COLUMNS)
  kernels.quantize_activations(ActivationKind.int8, x, int8, COLUMNS)
  const inputs = { [ActivationKind.f32]: x, [ActivationKind.int16]: int16, [ActivationKind.int8]: int8 }
  return { kernels, memory, inputs, out: room(COLUMNS * 4), weights: room(ROWS * COLUMNS * 4) }
}

/** 10⁹ weights a second: multiplied, and dequantised. */
function measure({ kernels, memory, inputs, out, weights }: Bench, format: BlockFormat): [number, number] {
  const blocks = randomBlocks(format, ROWS * COLUMNS, new RandomBits(2), 0.02)
  new Uint8Array(memory.buffer, weights, blocks.length).set(blocks)
  const rowBytes = bytesFor(format, COLUMNS)
  const input = inputs[kernels.activation_kind(format.id)]
  const product = bestSeconds(() => kernels.matvec(format.id, weights, input, out, ROWS, COLUMNS))
  const dequantize = bestSeconds(() => {
    for (let r = 0; r < ROWS; r++) {
      kernels.dequantize(format.id, (weights + r * rowBytes) as Pointer, out, COLUMNS)
    }
  })
  return [(ROWS * COLUMNS) / product / 1e9, (ROWS * COLUMNS) / dequantize / 1e9]
}

const builds: KernelBuild[] = hasRelaxedSimd() ? ['baseline', 'relaxed'] : ['baseline']
const benches = await Promise.all(builds.map(prepare))
console.log(`format    ${builds.map((build) => `${build}: matvec  dequantize`).join('  ')}`)
for (const format of BLOCK_FORMATS) {
  const { kernels } = benches[0]
  if (kernels.activation_kind(format.id) === ActivationKind.unsupported) continue
  if (!format.name.includes(process.argv[2] ?? '')) continue
  const cells = benches.map((bench, i) => {
    const [product, dequantize] = measure(bench, format)
    return `${product.toFixed(1).padStart(builds[i].length + 8)}  ${dequantize.toFixed(1).padStart(10)}`
  })
  console.log(`${format.name.padEnd(8)}  ${cells.join('  ')}`)
}
