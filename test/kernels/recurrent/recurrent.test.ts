import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  BUILDS,
  createThreadedWorkbench,
  createWorkbench,
  expectWithin,
  randomFloats,
  type Workbench,
} from '../workbench.js'
import { type Computed, compute, convLayer, deltaLayer, type Layer, scanLayer } from './layers.js'

const LAYERS: readonly (readonly [string, Layer])[] = [
  ...[
    { channels: 1, taps: 2, rows: 1 },
    { channels: 7, taps: 4, rows: 2, bias: true },
    { channels: 16, taps: 3, rows: 9 },
    { channels: 35, taps: 4, rows: 128, silu: true },
    { channels: 300, taps: 4, rows: 40, bias: true, silu: true },
    { channels: 1024, taps: 9, rows: 5, bias: true },
  ].map((shape) => [`conv ${JSON.stringify(shape)}`, convLayer(shape)] as const),
  ...[
    { heads: 1, keyHeads: 1, keyDim: 4, valueDim: 4, rows: 1 },
    { heads: 4, keyHeads: 2, keyDim: 8, valueDim: 12, rows: 7 },
    { heads: 4, keyHeads: 2, keyDim: 8, valueDim: 12, rows: 7, groups: true },
    { heads: 3, keyHeads: 1, keyDim: 36, valueDim: 20, rows: 33 },
    { heads: 2, keyHeads: 2, keyDim: 128, valueDim: 32, rows: 128 },
  ].map((shape) => [`delta rule ${JSON.stringify(shape)}`, deltaLayer(shape)] as const),
  ...[
    { heads: 1, headDim: 1, groups: 1, states: 4, rows: 1 },
    { heads: 4, headDim: 5, groups: 2, states: 12, rows: 7 },
    { heads: 4, headDim: 6, groups: 4, states: 8, rows: 3, perState: true, skip: false },
    { heads: 70, headDim: 1, groups: 1, states: 16, rows: 35, perState: true },
    { heads: 3, headDim: 16, groups: 1, states: 128, rows: 128 },
  ].map((shape) => [`state scan ${JSON.stringify(shape)}`, scanLayer(shape)] as const),
]

const THREADS = 3

/** Cuts of `rows` rows into calls of the sizes `sizes`, again and again. */
function cut(rows: number, sizes: readonly number[]): number[] {
  const cuts: number[] = []
  for (let left = rows, i = 0; left > 0; i++) {
    cuts.push(Math.min(left, sizes[i % sizes.length]))
    left -= cuts[i]
  }
  return cuts
}

describe.each(BUILDS)('%s kernels:', (build) => {
  let bench: Workbench
  let threaded: Awaited<ReturnType<typeof createThreadedWorkbench>>
  beforeAll(async () => {
    bench = await createWorkbench(build)
    threaded = await createThreadedWorkbench(THREADS, build)
  })
  afterAll(() => threaded.shutDown())

  it.each(LAYERS)('%s computes what f64 does', (_, layer) => {
    for (const start of [new Float32Array(layer.values), randomFloats(layer.values, 'state')]) {
      const truth = Float64Array.from(start)
      const expected = layer.reference(truth)
      const { out, state } = compute(bench, layer, start)
      expectWithin(out, expected, 2e-5)
      expectWithin(state, truth, 2e-5)
    }
  })

  it.each(LAYERS)('%s has the same bits for any cut, slices and threads', (_, layer) => {
    const start = randomFloats(layer.values, 'state')
    const expected: Computed = compute(bench, layer, start)
    for (const sizes of [[1], [2, 5], [16], [3, 1, 100]]) {
      const cuts = cut(layer.rows, sizes)
      expect(compute(bench, layer, start, { cuts })).toEqual(expected)
      expect(compute(threaded, layer, start, { cuts, slices: 1 + sizes.length })).toEqual(expected)
    }
    for (const slices of [2, 3, 7]) expect(compute(bench, layer, start, { slices })).toEqual(expected)
    // Which thread takes which part is not deterministic.
    for (let time = 0; time < 3; time++) expect(compute(threaded, layer, start)).toEqual(expected)
  })

  it.each(LAYERS)('%s does not change the state that it starts from', (_, layer) => {
    const start = randomFloats(layer.values, 'state')
    const from = bench.floats(start)
    const out = bench.allocate(4 * layer.rows * layer.width)
    const to = bench.allocate(4 * layer.values)
    bench.kernels[layer.kernel](layer.write(bench, out), 0, layer.rows, from, to, 0, 1)
    expect(bench.result(from, layer.values)).toEqual(start)
  })

  it.each(LAYERS)('%s shows a state that is not finite in its last row', (name, layer) => {
    // A convolution's state is its input, which is checked.
    if (name.startsWith('conv')) return
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const start = randomFloats(layer.values, 'state')
      start[layer.values >> 1] = bad
      const { out } = compute(bench, layer, start)
      expect([...out.subarray(-layer.width)].every(Number.isFinite)).toBe(false)
    }
  })

  it.each([
    [3, 5, 5, 5],
    [4, 16, 4, 16],
    [2, 12, 12, 1],
    [2, 21, 7, 0],
    [3, 8, 0, 2],
    [1, 1, 1, 1],
    [1, 35, 1, 35],
  ])('affine function of %i rows of %i values, with %i weights and %i biases', (rows, n, weights, biases) => {
    const x = randomFloats(rows * n, 'x')
    const [weight, bias] = [randomFloats(weights, 'weight'), randomFloats(biases, 'bias')]
    const at = bench.floats(x)
    const [w, b] = [weight, bias].map((values) => (values.length ? bench.floats(values) : 0))
    bench.kernels.affine(at, w, weights, b, biases, rows, n)
    const expected = Array.from(
      x,
      (value, i) => value * (weights ? weight[(i % n) % weights] : 1) + (biases ? bias[(i % n) % biases] : 0),
    )
    expectWithin(bench.result(at, rows * n), expected, 1e-6)
  })
})
