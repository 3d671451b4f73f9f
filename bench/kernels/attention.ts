/**
 * What attention costs, on one thread, for each type of cache: a token that comes alone, and a batch of them, behind
 * more and more others, with the heads of a small model and of a larger one:
 *
 *   npx tsx bench/kernels/attention.ts [baseline|relaxed|wide]
 *
 * (Node 20 wants `--experimental-wasm-relaxed-simd` for the relaxed build, Node 24 `--experimental-wasm-revectorize` for
 * the wide one.)
 */
import { PAGE_POSITIONS } from '../../src/backend/memory.js'
import type { Pointer } from '../../src/backend/wasm/kernels.js'
import { blockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import { quantize } from '../../src/gguf/quantize.js'
import { shapeRecord } from '../../test/kernels/pages.js'
import { bestRates, buildFromArguments, type Case, check, createKernelBench } from './kernel-bench.js'

const SHAPES = [
  { heads: 9, kvHeads: 3, headDim: 64 },
  { heads: 32, kvHeads: 4, headDim: 64 },
] as const
const DEPTHS = [0, 128, 1024, 4096, 8192]
const BATCH = 128
const ROUNDS = 8
/** Cache types, and what rounding to them may do to a weighted value of at most 1/2. */
const TYPES = { F32: 1e-5, F16: 1e-3, Q8_0: 1e-2 } as const

const { build } = buildFromArguments()
const bench = await createKernelBench(build)
const { kernels } = bench

const most = { positions: Math.max(...DEPTHS) + BATCH, heads: 32, kvHeads: 4, headDim: 64 }
/** Bytes of a page's keys at most, and of its values, which follow. */
const HALF_PAGE = PAGE_POSITIONS * most.kvHeads * most.headDim * 4
const pageCount = Math.ceil(most.positions / PAGE_POSITIONS)
const pagesAt = bench.room(pageCount * 2 * HALF_PAGE)
/** Neighbours in the sequence are not neighbours in memory. */
const pageAddresses = Array.from({ length: pageCount }, (_, page) => {
  const place = page % 2 ? (page - 1) / 2 : pageCount - 1 - page / 2
  return (pagesAt + place * 2 * HALF_PAGE) as Pointer
})
const pages = bench.room(4 * pageCount)
new Uint32Array(bench.bytes(pages, 4 * pageCount).buffer, pages, pageCount).set(pageAddresses)

const cacheLength = most.positions * most.kvHeads * most.headDim
const keys = bench.randomFloats(cacheLength)
const values = bench.randomFloats(cacheLength)
const q = bench.randomFloats(BATCH * most.heads * most.headDim)
const out = bench.room(BATCH * most.heads * most.headDim * 4)
const shapeAt = bench.room(kernels.attention_shape_bytes())
const scratch = bench.room(kernels.attention_scratch(1, most.heads, most.kvHeads, most.headDim, most.headDim))

interface Work extends Case {
  readonly bytes: number
}

/** `tokens` tokens behind `depth` others; units are multiplications, of queries with keys and of weights with values. */
function work(
  type: keyof typeof TYPES,
  shape: (typeof SHAPES)[number],
  depth: number,
  tokens: number,
  window = 0,
): Work {
  const { heads, kvHeads, headDim } = shape
  const format = blockFormat(type)
  const seen = Array.from({ length: tokens }, (_, i) =>
    Math.min(depth + i + 1, window || depth + i + 1),
  ).reduce((sum, n) => sum + n)
  const fill = (from: Pointer, offset: number) => {
    const blocks = quantize(format, bench.floats(from, (depth + tokens) * kvHeads * headDim).slice())
    const pageBytes = PAGE_POSITIONS * bytesFor(format, kvHeads * headDim)
    for (let page = 0; page * pageBytes < blocks.length; page++) {
      const content = blocks.subarray(page * pageBytes, (page + 1) * pageBytes)
      bench.bytes((pageAddresses[page] + offset) as Pointer, content.length).set(content)
    }
  }
  fill(keys, 0)
  fill(values, HALF_PAGE)
  const record = shapeRecord({ heads, kvHeads, headDim, scale: 1 / Math.sqrt(headDim), window, scratch })
  const run = () => {
    bench.bytes(shapeAt, record.length).set(record)
    kernels.attention(shapeAt, format.id, q, pages, 0, HALF_PAGE, out, tokens, depth)
  }
  run()
  if (!window) checkLast(type, shape, depth, tokens)
  return {
    units: 2 * seen * heads * headDim,
    bytes: 2 * bytesFor(format, Math.min(depth + tokens, window || depth + tokens) * kvHeads * headDim),
    run,
  }
}

/** Throws unless the last head of the last token has what a scalar twin in f64 makes of the values before rounding. */
function checkLast(
  type: keyof typeof TYPES,
  { heads, kvHeads, headDim }: (typeof SHAPES)[number],
  depth: number,
  tokens: number,
): void {
  const row = tokens * heads - 1
  const query = bench.floats(q, (row + 1) * headDim).subarray(row * headDim)
  const positions = depth + tokens
  const head = (from: typeof keys, p: number) =>
    bench
      .floats(from, cacheLength)
      .subarray((p * kvHeads + kvHeads - 1) * headDim, (p + 1) * kvHeads * headDim)
  const scores = Array.from({ length: positions }, (_, p) =>
    head(keys, p).reduce((sum, value, i) => sum + (value * query[i]) / Math.sqrt(headDim), 0),
  )
  const peak = scores.reduce((a, b) => Math.max(a, b))
  const weights = scores.map((score) => Math.exp(score - peak))
  const total = weights.reduce((sum, weight) => sum + weight)
  const result = bench.floats(out, (row + 1) * headDim).subarray(row * headDim)
  for (let i = 0; i < headDim; i++) {
    const expected = weights.reduce((sum, weight, p) => sum + weight * head(values, p)[i], 0) / total
    check(`attention over ${positions} positions in ${type}`, result[i], expected, TYPES[type])
  }
}

console.log(`${process.version}, ${build}`)
for (const shape of SHAPES) {
  const { heads, kvHeads, headDim } = shape
  console.log(`\n${heads} heads of ${headDim} over ${kvHeads}`)
  console.log('cache    before    single token, µs   GB/s  GMAC/s   a batch of 128, ms  GMAC/s')
  for (const type of ['F32', 'F16', 'Q8_0'] as const) {
    for (const depth of DEPTHS) {
      const alone = work(type, shape, depth, 1)
      const [rate] = bestRates([alone], ROUNDS)
      const batch = work(type, shape, depth, BATCH)
      const [batchRate] = bestRates([batch], ROUNDS)
      const seconds = alone.units / rate
      const cells = [
        type.padEnd(6),
        String(depth).padStart(8),
        (seconds * 1e6).toFixed(1).padStart(19),
        (alone.bytes / seconds / 1e9).toFixed(1).padStart(6),
        (rate / 1e9).toFixed(1).padStart(7),
        ((batch.units / batchRate) * 1e3).toFixed(2).padStart(20),
        (batchRate / 1e9).toFixed(1).padStart(7),
      ]
      console.log(cells.join(' '))
    }
  }
}

/** A layer with a window, whose cost must not grow with what is behind it. */
const WINDOW = 512
console.log(`\nwith a window of ${WINDOW}, F16`)
console.log('heads    before    single token, µs   a batch of 128, ms')
for (const shape of SHAPES) {
  for (const depth of DEPTHS) {
    const [alone, batch] = [1, BATCH].map((tokens) => {
      const { units, run } = work('F16', shape, depth, tokens, WINDOW)
      return units / bestRates([{ units, run }], ROUNDS)[0]
    })
    const cells = [
      String(shape.heads).padEnd(6),
      String(depth).padStart(8),
      (alone * 1e6).toFixed(1).padStart(19),
      (batch * 1e3).toFixed(2).padStart(20),
    ]
    console.log(cells.join(' '))
  }
}
