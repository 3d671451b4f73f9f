/**
 * What it costs that a token's bits are the same alone and in a batch: the variants of variants/equal-bits/ against the
 * shipped kernels, in turns, with weights from main memory. First it checks, for many random shapes, that the bits are equal.
 *
 *   npx tsx bench/kernels/equal-bits.ts [baseline|relaxed] [--threads 2] [--turns 40] [part of 'Q4_K decode 2048×2048']
 *
 * (Node 20 wants `--experimental-wasm-relaxed-simd` for the relaxed build.) One thread's time is its processor's, so that
 * other work on the machine counts little. Two threads multiply a matrix each, in memories of their own, and a turn
 * ends with the last of them.
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import type { KernelBuild } from '../../src/backend/wasm/kernel-builds.js'
import { ActivationKind, type Pointer } from '../../src/backend/wasm/kernels.js'
import type { BlockFormat } from '../../src/gguf/block-formats.js'
import type { BenchKernels } from '../../test/kernels/bench-kernels.js'
import { RandomBits } from '../../test/support/random-model/random-bits.js'
import { quantile, summarise } from '../statistics.js'
import {
  buildFromArguments,
  createKernelBench,
  type KernelBench,
  nameOf,
  RandomMatrix,
} from './kernel-bench.js'

interface Variants {
  matvec_as_tiles: BenchKernels['matvec']
  matvec_met: BenchKernels['matvec']
  matmul_met: BenchKernels['matmul']
  met_scratch(): number
}

/** ggml's numbers, and those of the engine's own forms. */
const FORMATS = [0, 257, 8, 258, 12, 14]
/** Rows × columns of the 135M and the 1.1B shape. */
const SHAPES = [
  [576, 576],
  [1536, 576],
  [576, 1536],
  [256, 2048],
  [2048, 2048],
  [5632, 2048],
  [2048, 5632],
] as const
const TILE_SHAPES = [
  [576, 576],
  [576, 1536],
  [2048, 2048],
] as const
const TOKENS = 128
/** Bytes that a turn reads: more than the caches hold. */
const SPAN = 128e6
const CHECKED_SHAPES = 40

/** One of what takes turns. */
interface Contestant {
  readonly name: string
  run(): void
}

interface Contest {
  readonly name: string
  readonly contestants: readonly Contestant[]
  prepare(): void
}

interface Rig {
  readonly bench: KernelBench
  readonly kernels: BenchKernels & Variants
  readonly build: KernelBuild
  readonly x: Pointer
  readonly quantised: Pointer
  readonly out: Pointer
  readonly other: Pointer
  readonly scratch: Pointer
  readonly weights: Pointer
}

async function createRig(build: KernelBuild): Promise<Rig> {
  const bench = await createKernelBench(build, './bench/kernels/variants/equal-bits/entry')
  const kernels = bench.kernels as BenchKernels & Variants
  return {
    bench,
    kernels,
    build,
    x: bench.randomFloats(TOKENS * 5632),
    quantised: bench.room(TOKENS * kernels.activation_bytes(ActivationKind.int16, 5632)),
    out: bench.room(TOKENS * 5632 * 4),
    other: bench.room(TOKENS * 5632 * 4),
    scratch: bench.room(kernels.met_scratch()),
    weights: bench.room(SPAN + 64e6),
  }
}

/** Activations of `tokens` tokens, and the bytes from one to the next. */
function activations({ kernels, x, quantised }: Rig, format: BlockFormat, columns: number, tokens: number) {
  const kind = kernels.activation_kind(format.id)
  if (kind !== kernels.tile_activation_kind(format.id)) throw new Error(`${format.name} has two kinds`)
  if (kind === ActivationKind.f32) return { input: x, stride: columns * 4 }
  const stride = kernels.activation_bytes(kind, columns)
  for (let t = 0; t < tokens; t++) {
    const row = (x + t * columns * 4) as Pointer
    kernels.quantize_activations(kind, row, (quantised + t * stride) as Pointer, columns)
  }
  return { input: quantised, stride }
}

type Matvec = BenchKernels['matvec']
type Matmul = BenchKernels['matmul']

/** How many of the results of single-token decode are not those of the same token among five. */
function differences(
  rig: Rig,
  matrix: RandomMatrix,
  matvec: Matvec,
  matmul: Matmul,
): { values: number; different: number } {
  const { bench, out, other, scratch, weights } = rig
  const { format, rows, columns } = matrix
  const tokens = 5
  bench.place(matrix, weights)
  const { input, stride } = activations(rig, format, columns, tokens)
  bench.floats(out, tokens * rows).fill(Number.NaN)
  bench.floats(other, tokens * rows).fill(Number.NaN)
  matmul(format.id, weights, input, stride, out, rows, columns, tokens, rows, scratch)
  for (let t = 0; t < tokens; t++) {
    const token = (input + t * stride) as Pointer
    matvec(format.id, weights, token, (other + t * rows * 4) as Pointer, rows, columns)
  }
  matrix.check(bench.floats(out, rows), bench.floats(rig.x, columns), rig.kernels.activation_kind(format.id))
  const a = new Int32Array(bench.floats(out, tokens * rows).slice().buffer)
  const b = new Int32Array(bench.floats(other, tokens * rows).slice().buffer)
  return { values: a.length, different: a.filter((bits, i) => bits !== b[i]).length }
}

/** Throws unless the variants' bits are equal; prints how equal those of the shipped kernels are. */
function checkBits(rig: Rig, format: BlockFormat): void {
  const { kernels } = rig
  const random = new RandomBits(7)
  const totals = [0, 0, 0, 0]
  for (let i = 0; i < CHECKED_SHAPES; i++) {
    const rows = 16 * (1 + Math.floor(random.fraction() * 6))
    const most = 5632 / Math.max(8, format.blockElements)
    const columns = Math.max(8, format.blockElements) * (1 + Math.floor(random.fraction() ** 2 * most))
    const matrix = new RandomMatrix(format, rows, columns)
    const shipped = differences(rig, matrix, kernels.matvec, kernels.matmul)
    const asTiles = differences(rig, matrix, kernels.matvec_as_tiles, kernels.matmul)
    totals[0] += shipped.values
    totals[1] += shipped.different
    totals[2] += asTiles.different
    totals[3] += differences(rig, matrix, kernels.matvec_met, kernels.matmul_met).different
  }
  const [values, shipped, asTiles, met] = totals
  const share = ((100 * shipped) / values).toFixed(1)
  console.log(
    `${nameOf(format).padEnd(9)} ${CHECKED_SHAPES} shapes, ${values} results: ${share} % differ as shipped, ` +
      `${asTiles} as the tiles, ${met} with other tiles`,
  )
  if (asTiles + met > 0) throw new Error(`${nameOf(format)}: the bits are not equal`)
}

function decodeContest(rig: Rig, format: BlockFormat, rows: number, columns: number): Contest {
  const { bench, kernels, out, weights } = rig
  const matrix = new RandomMatrix(format, rows, columns)
  const copies = Math.ceil(SPAN / matrix.blocks.length)
  const { length } = matrix.blocks
  let input = rig.x
  const contestant = (name: string, matvec: Matvec): Contestant => ({
    name,
    run() {
      for (let i = 0; i < copies; i++) {
        matvec(format.id, (weights + i * length) as Pointer, input, out, rows, columns)
      }
    },
  })
  const contestants = [
    contestant('today', kernels.matvec),
    contestant('as tiles', kernels.matvec_as_tiles),
    contestant('other tiles', kernels.matvec_met),
  ]
  return {
    name: `${nameOf(format)} decode ${rows}×${columns}`,
    contestants,
    prepare() {
      for (let i = 0; i < copies; i++) bench.place(matrix, (weights + i * length) as Pointer)
      input = activations(rig, format, columns, 1).input
    },
  }
}

function tileContest(rig: Rig, format: BlockFormat, rows: number, columns: number): Contest {
  const { bench, kernels, out, weights, scratch } = rig
  const matrix = new RandomMatrix(format, rows, columns)
  let input = rig.x
  let stride = 0
  const repeats = Math.ceil(2e8 / (rows * columns * TOKENS))
  const contestant = (name: string, matmul: Matmul): Contestant => ({
    name,
    run() {
      for (let i = 0; i < repeats; i++) {
        matmul(format.id, weights, input, stride, out, rows, columns, TOKENS, rows, scratch)
      }
    },
  })
  return {
    name: `${nameOf(format)} tiles ${rows}×${columns}`,
    contestants: [contestant('today', kernels.matmul), contestant('other tiles', kernels.matmul_met)],
    prepare() {
      bench.place(matrix, weights)
      const laid = activations(rig, format, columns, TOKENS)
      input = laid.input
      stride = laid.stride
    },
  }
}

/** Those whose label has `wanted` in it. */
function contestsOf(rig: Rig, wanted: string): (() => Contest)[] {
  return FORMATS.flatMap((id) => {
    const format = formatOf(rig, id)
    const kinds = [
      { kind: 'decode', shapes: SHAPES, create: decodeContest },
      { kind: 'tiles', shapes: TILE_SHAPES, create: tileContest },
    ]
    return kinds.flatMap(({ kind, shapes, create }) =>
      shapes
        .filter(([, columns]) => columns % format.blockElements === 0)
        .filter(([rows, columns]) => `${nameOf(format)} ${kind} ${rows}×${columns}`.includes(wanted))
        .map(
          ([rows, columns]) =>
            () =>
              create(rig, format, rows, columns),
        ),
    )
  })
}

function formatOf({ bench }: Rig, id: number): BlockFormat {
  return bench.formats.find((format) => format.id === id) as BlockFormat
}

/** Words that threads share: the order at hand (contest × 16 + contestant + 1), its number, how many have done it. */
const ORDER = 0
const NUMBER = 1
const DONE = 2

interface ThreadData {
  readonly words: Int32Array
  readonly build: KernelBuild
  readonly wanted: string
}

/** What another thread does: orders, one after another. */
async function serve({ words, build, wanted }: ThreadData): Promise<void> {
  const rig = await createRig(build)
  const contests = contestsOf(rig, wanted)
  let contest: Contest | undefined
  Atomics.add(words, DONE, 1)
  for (let number = 0; ; number++) {
    Atomics.wait(words, NUMBER, number)
    const order = Atomics.load(words, ORDER)
    if (order % 16 === 0) {
      contest = contests[order >> 4]()
      contest.prepare()
    } else contest?.contestants[(order % 16) - 1].run()
    Atomics.add(words, DONE, 1)
  }
}

/** Milliseconds: of this process's processor time, which other work on the machine does not take, or of the clock's. */
function now(threads: number): number {
  if (threads > 1) return performance.now()
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

async function lead(): Promise<void> {
  const { build, rest } = buildFromArguments()
  const option = (name: string, otherwise: number) => {
    const at = rest.indexOf(name)
    return at < 0 ? otherwise : Number(rest[at + 1])
  }
  const others = option('--threads', 1) - 1
  const turns = option('--turns', 40)
  const wanted = rest.find((word, i) => !word.startsWith('--') && !rest[i - 1]?.startsWith('--')) ?? ''
  const words = new Int32Array(new SharedArrayBuffer(12))
  const rig = await createRig(build)
  const data: ThreadData = { words, build, wanted }
  const workers = Array.from(
    { length: others },
    () => new Worker(new URL(import.meta.url), { workerData: data }),
  )
  const order = (number: number) => {
    Atomics.store(words, DONE, 0)
    Atomics.store(words, ORDER, number)
    Atomics.add(words, NUMBER, 1)
    Atomics.notify(words, NUMBER)
  }
  const wait = () => {
    while (Atomics.load(words, DONE) < others);
  }
  // Workers start while this thread must not block: they load their modules through it.
  while (Atomics.load(words, DONE) < others) await new Promise((resolve) => setTimeout(resolve, 50))

  console.log(`${process.version}, ${build}, ${others + 1} thread(s), ${turns} turns`)
  for (const id of others === 0 ? FORMATS : []) checkBits(rig, formatOf(rig, id))
  console.log('milliseconds: median (minimum); time per turn over today’s: median (quartiles), of the minima')
  for (const [i, create] of contestsOf(rig, wanted).entries()) {
    const contest = create()
    order(i * 16)
    contest.prepare()
    wait()
    const { contestants } = contest
    const times: number[][] = contestants.map(() => [])
    for (let turn = -2; turn < turns; turn++) {
      // Each begins as often as the others.
      for (let j = 0; j < contestants.length; j++) {
        const k = (j + turn + 2) % contestants.length
        const start = now(others + 1)
        order(i * 16 + k + 1)
        contestants[k].run()
        wait()
        if (turn >= 0) times[k].push(now(others + 1) - start)
      }
    }
    const cells = contestants.map(({ name }, k) => {
      const { median, min } = summarise(times[k])
      const spent = `${name} ${median.toFixed(2)} (${min.toFixed(2)})`
      if (k === 0) return spent
      const ratios = times[k].map((time, turn) => time / times[0][turn])
      const spread = `${quantile(ratios, 0.25).toFixed(3)}–${quantile(ratios, 0.75).toFixed(3)}`
      return `${spent} ×${summarise(ratios).median.toFixed(3)} (${spread}) ×${(min / Math.min(...times[0])).toFixed(3)}`
    })
    console.log(`${contest.name.padEnd(30)} ${cells.join(' | ')}`)
  }
  await Promise.all(workers.map((worker) => worker.terminate()))
}

await (isMainThread ? lead() : serve(workerData as ThreadData))
