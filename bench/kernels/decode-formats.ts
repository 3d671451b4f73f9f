/**
 * Decode (`matvec`) of some formats beside each other, in turns: bytes of weights per second, of 64 rows of 2048 weights, which
 * stay in the L2 cache, and of a matrix in main memory, and the same over those of the first format.
 *
 *   npx tsx bench/kernels/decode-formats.ts [baseline|relaxed] [--turns 15] [--few 8] [Q4_K 'Q4_K here' …]
 *
 * With `--few`, a product with so many tokens. Times are one thread's processor time, so that other work on the machine counts
 * little; figures are medians of the turns, in brackets the quartiles of their quotients.
 */
import { ActivationKind, type Pointer } from '../../src/backend/wasm/kernels.js'
import { summarise } from '../statistics.js'
import { buildFromArguments, createKernelBench, nameOf, RandomMatrix } from './kernel-bench.js'

const NEAR = [64, 2048] as const
const FAR = [2048, 2048] as const
/** Bytes that a turn reads from main memory. */
const SPAN = 48e6
/** Weights that a turn multiplies in the cache. */
const NEAR_WEIGHTS = 60e6
/** Where a turn begins to be timed. */
const WARM_UP_TURNS = 2

function number(rest: readonly string[], option: string, otherwise: number): number {
  const at = rest.indexOf(option)
  return at < 0 ? otherwise : Number(rest[at + 1])
}

const { build, rest } = buildFromArguments()
const turns = number(rest, '--turns', 15)
const few = number(rest, '--few', 1)
const named = rest.filter((argument) => !/^(--.*|\d+)$/.test(argument))
const names = named.length > 0 ? named : ['Q4_K', 'Q4_0', 'Q8_0', 'IQ4_NL', 'IQ4_XS', 'MXFP4']

const bench = await createKernelBench(build)
const { kernels } = bench
const columns = NEAR[1]
const values = bench.randomFloats(columns)
const out = bench.room(4 * FAR[0] * few)
const scratch = bench.room(kernels.matmul_scratch(columns))

interface Subject {
  readonly name: string
  /** Bytes of weights that a turn reads. */
  readonly bytes: number
  readonly weights: number
  run(): void
}

/** A format's product with a matrix, `copies` of which lie behind each other, `repeats` times. */
function subject(
  name: string,
  [rows, columns]: readonly [number, number],
  copies: number,
  repeats: number,
): Subject {
  const format = bench.formats.find((format) => nameOf(format) === name)
  if (!format) throw new Error(`no format ${name}: there are ${bench.formats.map(nameOf).join(', ')}`)
  const matrix = new RandomMatrix(format, rows, columns)
  const weights = bench.room(copies * matrix.bytes)
  for (let i = 0; i < copies; i++) bench.place(matrix, (weights + i * matrix.bytes) as Pointer)
  const kind = kernels.activation_kind(format.id)
  const isFloat = kind === ActivationKind.f32
  const stride = isFloat ? 4 * columns : kernels.activation_bytes(kind, columns)
  const x = bench.room(stride * few)
  for (let token = 0; token < few; token++) {
    const to = (x + token * stride) as Pointer
    if (isFloat) bench.bytes(to, stride).set(bench.bytes(values, stride))
    else kernels.quantize_activations(kind, values, to, columns)
  }
  const run = () => {
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (let i = 0; i < copies; i++) {
        const at = (weights + i * matrix.bytes) as Pointer
        if (few === 1) kernels.matvec(format.id, at, x, out, rows, columns)
        else kernels.matvec_tokens(format.id, at, x, stride, out, 4 * rows, rows, columns, few, scratch)
      }
    }
  }
  run()
  matrix.check(bench.floats(out, rows), bench.floats(values, columns), kind)
  const count = copies * repeats
  return { name, bytes: count * matrix.bytes, weights: count * rows * columns, run }
}

/** Seconds of processor time. */
function timed(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

function compare(what: string, subjects: readonly Subject[]): void {
  const seconds = subjects.map((): number[] => [])
  for (let turn = -WARM_UP_TURNS; turn < turns; turn++) {
    for (const [i, { run }] of subjects.entries()) {
      const spent = timed(run)
      if (turn >= 0) seconds[i].push(spent)
    }
  }
  console.log(
    `\n${what}${few > 1 ? `, ${few} tokens` : ''}\n${'format'.padEnd(8)}  GMAC/s   GB/s  of ${subjects[0].name}'s GB/s`,
  )
  for (const [i, { name, bytes, weights }] of subjects.entries()) {
    const { median } = summarise(seconds[i])
    const quotients = seconds[i]
      .map((spent, turn) => bytes / spent / (subjects[0].bytes / seconds[0][turn]))
      .sort((a, b) => a - b)
    const [low, middle, high] = [0.25, 0.5, 0.75].map((part) =>
      quotients[Math.floor(part * quotients.length)].toFixed(2),
    )
    const rates = [(few * weights) / median / 1e9, bytes / median / 1e9].map((rate) => rate.toFixed(1))
    console.log(
      `${name.padEnd(8)}  ${rates[0].padStart(6)}  ${rates[1].padStart(5)}  ${middle} (${low} – ${high})`,
    )
  }
}

console.log(`${process.version}, ${build}`)
const repeats = Math.max(1, Math.round(NEAR_WEIGHTS / (NEAR[0] * NEAR[1]) / few))
compare(
  'in the cache',
  names.map((name) => subject(name, NEAR, 1, repeats)),
)
compare(
  'from memory',
  names.map((name) => subject(name, FAR, Math.max(1, Math.round(SPAN / few / ((FAR[0] * FAR[1]) / 2))), 1)),
)
