/**
 * Products of a matrix with a few tokens' activations, as a decode batch of several sequences takes them, against one
 * product for each token: first that each token's bits are equal, then the time, with weights from main memory.
 *
 *   npx tsx bench/kernels/few-rows.ts [baseline|relaxed|wide] [--turns 10] [--tokens 1,2,4,8] [part of 'Q4_K 2048×2048']
 *
 * With `--turns 0` bits alone are compared.
 *
 * Milliseconds are one thread's processor time, so that other work on the machine counts little.
 */
import { ActivationKind, type Pointer } from '../../src/backend/wasm/kernels.js'
import { type BlockFormat, blockFormat } from '../../src/gguf/block-formats.js'
import { summarise } from '../statistics.js'
import {
  buildFromArguments,
  createKernelBench,
  type KernelBench,
  nameOf,
  RandomMatrix,
} from './kernel-bench.js'

/** Rows × columns of the 1.1B shape. */
const SHAPES = [
  [2048, 2048],
  [5632, 2048],
  [2048, 5632],
  [32000, 2048],
] as const
const TOKENS = [1, 2, 3, 4, 6, 8, 12, 16]
const MOST = 17
/** Bytes that a turn reads at least: more than the caches hold. */
const SPAN = 96e6
const CHECKED = [1, 7, 8, 21]

interface Rig {
  readonly bench: KernelBench
  readonly x: Pointer
  readonly quantised: Pointer
  readonly out: Pointer
  readonly other: Pointer
  readonly scratch: Pointer
  readonly weights: Pointer
}

/** Activations of `MOST` tokens, and the bytes from one to the next. */
function activations({ bench: { kernels }, x, quantised }: Rig, format: BlockFormat, columns: number) {
  const kind = kernels.activation_kind(format.id)
  if (kind === ActivationKind.f32) return { input: x, stride: columns * 4 }
  const stride = kernels.activation_bytes(kind, columns)
  for (let t = 0; t < MOST; t++) {
    const row = (x + t * columns * 4) as Pointer
    kernels.quantize_activations(kind, row, (quantised + t * stride) as Pointer, columns)
  }
  return { input: quantised, stride }
}

/** Throws unless every token has the bits that it has alone; returns how many products were compared. */
function checkBits(rig: Rig, format: BlockFormat, rows: number, columns: number): number {
  const { bench, out, other, scratch, weights } = rig
  const { kernels } = bench
  bench.place(new RandomMatrix(format, rows, columns), weights)
  const { input, stride } = activations(rig, format, columns)
  for (let t = 0; t < MOST; t++) {
    const token = (input + t * stride) as Pointer
    kernels.matvec(format.id, weights, token, (other + t * rows * 4) as Pointer, rows, columns)
  }
  for (let tokens = 1; tokens <= MOST; tokens++) {
    bench.floats(out, MOST * rows).fill(Number.NaN)
    kernels.matvec_tokens(format.id, weights, input, stride, out, rows * 4, rows, columns, tokens, scratch)
    const a = new Int32Array(bench.floats(out, tokens * rows).slice().buffer)
    const b = new Int32Array(bench.floats(other, tokens * rows).slice().buffer)
    const at = a.findIndex((bits, i) => bits !== b[i])
    if (at >= 0)
      throw new Error(`${nameOf(format)} ${rows}×${columns}, ${tokens} tokens: result ${at} differs`)
  }
  return (MOST * (MOST + 1)) / 2
}

function measure(
  rig: Rig,
  format: BlockFormat,
  rows: number,
  columns: number,
  turns: number,
  counts: readonly number[],
): void {
  const { bench, out, scratch, weights } = rig
  const { kernels } = bench
  const matrix = new RandomMatrix(format, rows, columns)
  const length = matrix.bytes
  const copies = Math.ceil(SPAN / length)
  for (let i = 0; i < copies; i++) bench.place(matrix, (weights + i * length) as Pointer)
  const { input, stride } = activations(rig, format, columns)
  const at = (i: number) => (weights + i * length) as Pointer
  const cases = counts.map((tokens) => ({
    tokens,
    times: [] as number[],
    run() {
      for (let i = 0; i < copies; i++) {
        if (tokens === 1) kernels.matvec(format.id, at(i), input, out, rows, columns)
        else
          kernels.matvec_tokens(
            format.id,
            at(i),
            input,
            stride,
            out,
            rows * 4,
            rows,
            columns,
            tokens,
            scratch,
          )
      }
    },
  }))
  for (let turn = -1; turn < turns; turn++) {
    for (const { run, times } of cases) {
      const start = now()
      run()
      if (turn >= 0) times.push((now() - start) / copies)
    }
  }
  const [{ times: alone }] = cases
  const one = summarise(alone)
  const cells = cases.map(({ tokens, times }) => {
    const { median, min } = summarise(times)
    const rate = (rows * columns * tokens) / min / 1e6
    return `${tokens}: ${median.toFixed(2)} ×${((tokens * one.median) / median).toFixed(2)} (×${((tokens * one.min) / min).toFixed(2)}, ${rate.toFixed(1)})`
  })
  console.log(`${nameOf(format).padEnd(9)} ${rows}×${columns}  ${cells.join('  ')}`)
}

/** Milliseconds of this process's processor time. */
function now(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const { build, rest } = buildFromArguments()
const option = (name: string, otherwise: string) => {
  const at = rest.indexOf(name)
  return at < 0 ? otherwise : rest[at + 1]
}
const turns = Number(option('--turns', '10'))
const counts = option('--tokens', TOKENS.join()).split(',').map(Number)
const wanted = rest.find((word, i) => !word.startsWith('--') && !rest[i - 1]?.startsWith('--')) ?? ''
const bench = await createKernelBench(build)
const widest = Math.max(...SHAPES.map(([rows, columns]) => Math.max(rows, columns)))
const rig: Rig = {
  bench,
  x: bench.randomFloats(MOST * 5632),
  quantised: bench.room(MOST * bench.kernels.activation_bytes(ActivationKind.int16, 5632)),
  out: bench.room(MOST * widest * 4),
  other: bench.room(MOST * widest * 4),
  scratch: bench.room(bench.kernels.matmul_scratch(5632)),
  weights: bench.room(SPAN + 300e6),
}
console.log(`${process.version}, ${build}, ${turns} turns`)
console.log('tokens: median ms × tokens per second of one (of the minima, GMAC/s)')
let compared = 0
for (const format of bench.formats) {
  const shapes = SHAPES.filter(([rows, columns]) => `${nameOf(format)} ${rows}×${columns}`.includes(wanted))
  if (shapes.length === 0) continue
  const columns =
    format.blockElements === 1 ? [37, 515] : [3, 7].map((blocks) => blocks * format.blockElements)
  const isInterleaved = bench.kernels.x8_format(blockFormat(format.name).id) === format.id
  const rows = isInterleaved ? [8, 64, 72] : CHECKED
  for (const r of rows) for (const c of columns) compared += checkBits(rig, format, r, c)
  if (turns > 0) for (const [r, c] of shapes) measure(rig, format, r, c, turns, counts)
}
console.log(`${compared} products with equal bits`)
