/**
 * How fast each block format's matrix × vector product and `dequantize` are on rows that stay in the L2 cache, and the
 * product with weights from main memory; on one thread, for each build of the kernels that the engine runs:
 *
 *   npx tsx bench/kernels/formats.ts [part of a format's name]
 *
 * (Node 20 runs the relaxed build with `--experimental-wasm-relaxed-simd`.)
 */
import type { KernelBuild } from '../../src/backend/wasm/kernel-builds.js'
import { ActivationKind, type Pointer } from '../../src/backend/wasm/kernels.js'
import { hasRelaxedSimd } from '../../src/backend/wasm/relaxed-simd.js'
import {
  bestRates,
  type Case,
  createKernelBench,
  type KernelBench,
  nameOf,
  RandomMatrix,
} from './kernel-bench.js'

const ROWS = 64
const COLUMNS = 2048
/** A matrix that is read from main memory, as often as `SPAN` bytes have room for. */
const FAR_ROWS = 1536
const FAR_COLUMNS = 768
const SPAN = 200e6
const REPEATS = 15
const ROUNDS = 40
const FAR_ROUNDS = 6

interface Rig {
  readonly bench: KernelBench
  readonly x: Pointer
  readonly quantised: Pointer
  readonly out: Pointer
  readonly weights: Pointer
}

async function prepare(build: KernelBuild): Promise<Rig> {
  const bench = await createKernelBench(build)
  const x = bench.randomFloats(COLUMNS)
  const quantised = bench.room(bench.kernels.activation_bytes(ActivationKind.int16, COLUMNS))
  return {
    bench,
    x,
    quantised,
    out: bench.room(4 * COLUMNS),
    weights: bench.room(SPAN),
  }
}

/** What a product of this matrix takes, which has been checked then; `copies` of it lie one after another. */
function product(
  { bench, x, quantised, out, weights }: Rig,
  matrix: RandomMatrix,
  copies: number,
): () => void {
  const { kernels } = bench
  const { format, rows, columns, bytes } = matrix
  const kind = kernels.activation_kind(format.id)
  if (kind !== ActivationKind.f32) kernels.quantize_activations(kind, x, quantised, columns)
  const input = kind === ActivationKind.f32 ? x : quantised
  for (let i = 0; i < copies; i++) {
    bench.place(matrix, (weights + i * bytes) as Pointer)
  }
  const run = () => {
    for (let i = 0; i < copies; i++) {
      kernels.matvec(format.id, (weights + i * bytes) as Pointer, input, out, rows, columns)
    }
  }
  run()
  matrix.check(bench.floats(out, rows), bench.floats(x, columns), kind)
  return run
}

/** 10⁹ weights per second: multiplied, and dequantised; and 10⁹ bytes per second from main memory. */
function measure(rig: Rig, near: RandomMatrix, far: RandomMatrix): [number, number, number] {
  const { bench, out, weights } = rig
  const copies = Math.floor(SPAN / far.bytes)
  const [bytes] = bestRates([{ units: copies * far.bytes, run: product(rig, far, copies) }], FAR_ROUNDS)
  const multiply = product(rig, near, 1)
  const times = (run: () => void): Case => ({
    units: REPEATS * ROWS * COLUMNS,
    run() {
      for (let i = 0; i < REPEATS; i++) run()
    },
  })
  const dequantize = () => {
    for (let r = 0; r < ROWS; r++) {
      bench.kernels.dequantize_row(near.format.id, weights, near.rowBytes, r, out, COLUMNS)
    }
  }
  const [multiplied, dequantised] = bestRates([times(multiply), times(dequantize)], ROUNDS)
  return [multiplied / 1e9, dequantised / 1e9, bytes / 1e9]
}

const builds: KernelBuild[] = hasRelaxedSimd() ? ['baseline', 'relaxed'] : ['baseline']
const rigs = await Promise.all(builds.map(prepare))
const heads = builds.map((build) => `${build}: GMAC/s  dequantize  GB/s from memory`)
console.log(`${process.version}\nformat     ${heads.join('  ')}`)
for (const format of rigs[0].bench.formats) {
  if (!format.name.includes(process.argv[2] ?? '')) continue
  const near = new RandomMatrix(format, ROWS, COLUMNS)
  const far = new RandomMatrix(format, FAR_ROWS, FAR_COLUMNS)
  const cells = rigs.map((rig, i) => {
    const [multiplied, dequantised, bytes] = measure(rig, near, far).map((rate) => rate.toFixed(1))
    return `${multiplied.padStart(builds[i].length + 8)}  ${dequantised.padStart(10)}  ${bytes.padStart(16)}`
  })
  console.log(`${nameOf(format).padEnd(9)}  ${cells.join('  ')}`)
}
