/** Recurrent layers for kernels, with random inputs, and the same in f64. */
import type { Kernels, Pointer } from '../../../src/backend/wasm/kernels.js'
import { randomFloats, type Workbench } from '../workbench.js'

/** One layer's inputs and what the kernel is to compute. */
export interface Layer {
  readonly kernel: 'conv' | 'delta_rule' | 'state_scan'
  readonly rows: number
  /** Values of a row of results, and of a state. */
  readonly width: number
  readonly values: number
  /** Writes inputs and record to a workbench. `out`: f32[rows][width]. */
  write(on: Workbench, out: Pointer): Pointer
  /** Results of all rows from a state, which is changed. */
  reference(state: Float64Array): Float64Array
}

/** A record of 32-bit words; numbers in an array are f32. */
function recordOf(on: Workbench, words: readonly (number | readonly [number])[]): Pointer {
  const bytes = new DataView(new ArrayBuffer(4 * words.length))
  for (const [i, word] of words.entries()) {
    if (typeof word === 'number') bytes.setUint32(4 * i, word, true)
    else bytes.setFloat32(4 * i, word[0], true)
  }
  return on.bytes(new Uint8Array(bytes.buffer))
}

/** f32[n], uniform between `from` and `to`. */
function between(from: number, to: number, n: number, label: string): Float32Array {
  return randomFloats(n, label).map((value) => from + (to - from) / (1 + Math.exp(-2 * value)))
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

export interface ConvShape {
  readonly channels: number
  readonly taps: number
  readonly rows: number
  readonly bias?: boolean
  readonly silu?: boolean
}

export function convLayer({ channels, taps, rows, bias = false, silu = false }: ConvShape): Layer {
  const x = randomFloats(rows * channels, 'x')
  const kernel = randomFloats(taps * channels, 'kernel')
  const offsets = bias ? randomFloats(channels, 'bias') : undefined
  return {
    kernel: 'conv',
    rows,
    width: channels,
    values: (taps - 1) * channels,
    write: (on, out) =>
      recordOf(on, [
        ...[on.floats(x), out, on.floats(kernel), offsets ? on.floats(offsets) : 0],
        ...[channels, taps, Number(silu)],
      ]),
    reference(state) {
      const all = Float64Array.of(...state, ...x)
      state.set(all.subarray(rows * channels))
      return Float64Array.from({ length: rows * channels }, (_, i) => {
        let sum = offsets?.[i % channels] ?? 0
        for (let tap = 0; tap < taps; tap++)
          sum += kernel[tap * channels + (i % channels)] * all[i + tap * channels]
        return silu ? sum / (1 + Math.exp(-sum)) : sum
      })
    },
  }
}

export interface DeltaShape {
  readonly heads: number
  readonly keyHeads: number
  readonly keyDim: number
  readonly valueDim: number
  readonly rows: number
  readonly groups?: boolean
}

export function deltaLayer(shape: DeltaShape): Layer {
  const { heads, keyHeads, keyDim, valueDim, rows, groups = false } = shape
  const scale = Math.fround(1 / Math.sqrt(keyDim))
  // Keys of length about 1, as in models: longer ones make the rule diverge.
  const [q, k] = ['q', 'k'].map((name) => randomFloats(rows * keyHeads * keyDim, name, keyDim ** -0.5))
  const v = randomFloats(rows * heads * valueDim, 'v')
  const decay = between(-3, 0, rows * heads, 'decay')
  const beta = between(0, 1, rows * heads, 'beta')
  return {
    kernel: 'delta_rule',
    rows,
    width: heads * valueDim,
    values: heads * valueDim * keyDim,
    write: (on, out) =>
      recordOf(on, [
        ...[on.floats(q), on.floats(k), on.floats(v), out, on.floats(decay), on.floats(beta)],
        ...[heads, keyHeads, keyDim, valueDim, Number(groups), [scale] as const],
      ]),
    reference(state) {
      const out = new Float64Array(rows * heads * valueDim)
      for (let i = 0; i < out.length; i++) {
        const [at, row] = [i % (heads * valueDim), Math.floor(i / (heads * valueDim))]
        const head = Math.floor(at / valueDim)
        const keyHead = groups ? Math.floor(head / (heads / keyHeads)) : head % keyHeads
        const first = (row * keyHeads + keyHead) * keyDim
        const [query, key] = [q, k].map((vector) => vector.subarray(first, first + keyDim))
        const own = state.subarray(at * keyDim, (at + 1) * keyDim)
        const fade = Math.exp(decay[row * heads + head])
        for (let j = 0; j < keyDim; j++) own[j] *= fade
        const u = beta[row * heads + head] * (v[i] - dot(own, key))
        for (let j = 0; j < keyDim; j++) own[j] += u * key[j]
        out[i] = scale * dot(own, query)
      }
      return out
    },
  }
}

export interface ScanShape {
  readonly heads: number
  /** Values of a head of x. */
  readonly headDim: number
  readonly groups: number
  readonly states: number
  readonly rows: number
  readonly perState?: boolean
  readonly skip?: boolean
}

export function scanLayer(shape: ScanShape): Layer {
  const { heads, headDim, groups, states, rows, perState = false, skip = true } = shape
  const width = heads * headDim
  const x = randomFloats(rows * width, 'x')
  const [b, c] = ['b', 'c'].map((name) => randomFloats(rows * groups * states, name))
  const step = between(0, 1, rows * heads, 'step')
  const a = between(-4, -0.1, heads * (perState ? states : 1), 'a')
  const d = skip ? randomFloats(heads, 'd') : undefined
  return {
    kernel: 'state_scan',
    rows,
    width,
    values: width * states,
    write: (on, out) =>
      recordOf(on, [
        ...[on.floats(x), out, on.floats(b), on.floats(c), on.floats(step), on.floats(a)],
        ...[d ? on.floats(d) : 0, heads, headDim, groups, states, Number(perState)],
      ]),
    reference(state) {
      const out = new Float64Array(rows * width)
      for (let i = 0; i < out.length; i++) {
        const [at, row] = [i % width, Math.floor(i / width)]
        const head = Math.floor(at / headDim)
        const first = (row * groups + Math.floor(head / (heads / groups))) * states
        const [inward, outward] = [b, c].map((vector) => vector.subarray(first, first + states))
        const own = state.subarray(at * states, (at + 1) * states)
        const size = step[row * heads + head]
        for (let s = 0; s < states; s++) {
          own[s] =
            Math.exp(size * (perState ? a[head * states + s] : a[head])) * own[s] + size * x[i] * inward[s]
        }
        out[i] = dot(own, outward) + (d ? d[head] * x[i] : 0)
      }
      return out
    },
  }
}

/** What a kernel has computed: f32[rows][width], and the state after the last row. */
export interface Computed {
  readonly out: Float32Array
  readonly state: Float32Array
}

/** Runs a layer's rows in calls of `cuts` rows, each in `slices` slices, from `state` on. */
export function compute(
  on: Workbench<Pick<Kernels, Layer['kernel']>> & Workbench,
  layer: Layer,
  state: Float32Array,
  { cuts = [layer.rows], slices = 1 }: { cuts?: readonly number[]; slices?: number } = {},
): Computed {
  const out = on.allocate(4 * layer.rows * layer.width)
  const record = layer.write(on, out)
  let from = on.floats(state)
  let first = 0
  for (const rows of cuts) {
    const to = on.allocate(4 * layer.values)
    for (let slice = 0; slice < slices; slice++) {
      on.kernels[layer.kernel](record, first, rows, from, to, slice, slices)
    }
    from = to
    first += rows
  }
  return { out: on.result(out, layer.rows * layer.width), state: on.result(from, layer.values) }
}
