/**
 * What the recurrent layers of small models cost, on one thread, in prompts of 128 rows and in decode, by processor time:
 *
 *   npx tsx bench/kernels/recurrent.ts [baseline|relaxed|wide]
 *
 * (Node 20 wants `--experimental-wasm-relaxed-simd` for the relaxed build.)
 */
import type { Pointer } from '../../src/backend/wasm/kernels.js'
import { buildFromArguments, createKernelBench } from './kernel-bench.js'

const ROWS = 128
const TURNS = 25

const { build } = buildFromArguments()
const bench = await createKernelBench(build)

/** f32[n], from -0.5 to 0: also what decays may be. */
function values(n: number): Pointer {
  const pointer = bench.randomFloats(n)
  const floats = bench.floats(pointer, n)
  for (let i = 0; i < n; i++) floats[i] = -Math.abs(floats[i])
  return pointer
}

/** Records of assembly/recurrent/. */
const LAYERS = [
  {
    name: 'delta rule, Qwen 3.5 0.8B: 16 heads of 128 × 128',
    kernel: 'delta_rule',
    state: 16 * 128 * 128,
    words: () => [...rows(2048, 2048, 2048, 2048, 16, 16), 16, 16, 128, 128, 0, 0x3db504f3],
  },
  {
    name: 'state scan: 32 heads of 64 × 128, one group',
    kernel: 'state_scan',
    state: 32 * 64 * 128,
    words: () => [...rows(2048, 2048, 128, 128, 32), values(32), values(32), 32, 64, 1, 128, 0],
  },
  {
    name: 'convolution with silu: 6144 channels, 4 taps',
    kernel: 'conv',
    state: 3 * 6144,
    words: () => [...rows(6144, 6144), values(4 * 6144), 0, 6144, 4, 1],
  },
] as const

function rows(...widths: readonly number[]): Pointer[] {
  return widths.map((width) => values(ROWS * width))
}

/** Microseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

for (const { name, kernel, state, words } of LAYERS) {
  const layer = words()
  const record = bench.room(4 * layer.length)
  const [from, to] = [values(state), values(state)]
  new Uint32Array(bench.bytes(record, 4 * layer.length).buffer, record, layer.length).set(layer)
  for (const [count, repeat] of [
    [ROWS, 3],
    [1, 30],
  ]) {
    const times: number[] = []
    for (let turn = 0; turn < TURNS; turn++) {
      const start = processorTime()
      for (let i = 0; i < repeat; i++) bench.kernels[kernel](record, 0, count, from, to, 0, 1)
      times.push((processorTime() - start) / repeat)
    }
    times.sort((a, b) => a - b)
    const [best, median] = [times[0], times[TURNS >> 1]].map((time) => time.toFixed(0))
    console.log(`${name}, ${count} rows: best ${best}, median ${median} µs`)
  }
}
