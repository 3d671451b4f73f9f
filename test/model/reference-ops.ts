/** The operations of a program on one row, in f64: all but attention, which sees other rows. */
import type {
  ActivationFunction,
  ExpertFunction,
  ExpertMatrix,
  MatrixSlice,
  Op,
  Program,
  Routing,
  Value,
  VectorSlice,
} from '../../src/backend/program.js'
import { factorsOf, rotated } from './reference-rope.js'

export type Vector = Float64Array

/** A program with its weights. */
export interface Weights {
  readonly program: Program
  tensor(name: string): Vector
}

/** One token: its id, its position, and what its operations have yielded so far. */
export interface Row {
  readonly id: number
  readonly position: number
  /** How many positions its sequence may have; the rotary embedding of some models depends on it. */
  readonly contextLength: number
  of(value: Value): Vector
}

/** Operations that see earlier rows of their sequence. */
export type SequenceOp = Extract<
  Op,
  { kind: 'attention' | 'encoderAttention' | 'conv' | 'deltaRule' | 'stateScan' }
>
export type RowOp = Exclude<Op, SequenceOp>

export function seesOtherRows(op: Op): op is SequenceOp {
  return ['attention', 'encoderAttention', 'conv', 'deltaRule', 'stateScan'].includes(op.kind)
}

const ACTIVATION: Record<ActivationFunction, (value: number) => number> = {
  silu: (x) => x * sigmoid(x),
  // Hendrycks and Gimpel 2016, the form with tanh.
  gelu: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  relu: (x) => Math.max(0, x),
  relu2: (x) => Math.max(0, x) ** 2,
  sigmoid,
  tanh: Math.tanh,
  softplus,
}

/** Of a gate's and an up value; experts without a gate have the up value only. */
const EXPERT: Record<ExpertFunction, (gate: number, up: number) => number> = {
  swiglu: (gate, up) => ACTIVATION.silu(gate) * up,
  geglu: (gate, up) => ACTIVATION.gelu(gate) * up,
  swigluOai: (gate, up) => {
    const g = Math.min(gate, 7)
    return g * sigmoid(1.702 * g) * (Math.max(-7, Math.min(7, up)) + 1)
  },
  gelu: (_, up) => ACTIVATION.gelu(up),
  relu2: (_, up) => ACTIVATION.relu2(up),
}

/** ln(1 + e^x). */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

export function computeRow(op: RowOp, weights: Weights, row: Row): Vector {
  const x = 'x' in op ? row.of(op.x) : new Float64Array()
  switch (op.kind) {
    case 'embed':
      return rowOf(weights, op.matrix, row.id)
    case 'embedPosition':
      return rowOf(weights, op.matrix, row.position)
    case 'embedRow':
      return rowOf(weights, op.matrix, 0)
    case 'rmsNorm':
      return byHead(x, op.x.heads, (part, head) => {
        const size = Math.sqrt(dot(part, part) / part.length + op.epsilon)
        const factors = op.weight && headWeights(weights, op.weight, head, part.length)
        const offsets = op.bias && headWeights(weights, op.bias, head, part.length)
        const out = new Float64Array(part.length)
        for (let i = 0; i < out.length; i++)
          out[i] = (part[i] / size) * (factors ? factors[i] : 1) + (offsets ? offsets[i] : 0)
        return out
      })
    case 'layerNorm':
      return byHead(x, op.x.heads, (part, head) => {
        const mean = part.reduce((a, b) => a + b) / part.length
        const centred = part.map((value) => value - mean)
        const size = Math.sqrt(dot(centred, centred) / part.length + op.epsilon)
        const factors = headWeights(weights, op.weight, head, part.length)
        const offsets = op.bias && headWeights(weights, op.bias, head, part.length)
        return centred.map((value, i) => (value / size) * factors[i] + (offsets?.[i] ?? 0))
      })
    case 'linear':
      return linear(weights, x, op)
    case 'headLinear': {
      const { columns, rows } = op.matrix
      const out = new Float64Array(rows * op.x.heads)
      for (let head = 0; head < op.x.heads; head++) {
        const matrix = { ...op.matrix, firstRow: head * rows }
        out.set(linear(weights, headOf(x, head, columns), { matrix }), head * rows)
      }
      return out
    }
    case 'rope': {
      const spec = weights.program.ropes[op.rope]
      const name = factorsOf(spec, row.contextLength)
      const factors = name === undefined ? undefined : weights.tensor(name)
      return rotated(x, { heads: op.x.heads, first: op.first, position: row.position, factors }, spec)
    }
    case 'temperature': {
      const factor = 1 + op.beta * Math.log(1 + Math.floor(row.position / op.interval))
      return x.map((value) => value * factor)
    }
    case 'affine': {
      const { heads } = op.x
      return byHead(x, heads, (part, head) => {
        const factors = op.weight && elementWeights(weights, op.weight, head, heads, part.length)
        const offsets = op.bias && elementWeights(weights, op.bias, head, heads, part.length)
        return part.map((value, i) => value * (factors?.[i] ?? 1) + (offsets?.[i] ?? 0))
      })
    }
    case 'activation':
      return x.map(ACTIVATION[op.function])
    case 'add': {
      const [a, b] = [row.of(op.a), row.of(op.b)]
      const out = new Float64Array(a.length)
      for (let i = 0; i < out.length; i++) out[i] = a[i] + b[i]
      return out
    }
    case 'multiply': {
      const [a, b] = [row.of(op.a), row.of(op.b)]
      const out = new Float64Array(a.length)
      for (let i = 0; i < out.length; i++) out[i] = a[i] * b[i]
      return out
    }
    case 'scale':
      return x.map((value) => value * op.by)
    case 'scaleRows': {
      const [factor] = row.of(op.by)
      return x.map((value) => value * factor)
    }
    case 'length':
      return byHead(x, op.x.heads, (part) => Float64Array.of(Math.sqrt(dot(part, part))))
    case 'mixHeads': {
      const by = row.of(op.by)
      const width = x.length / op.x.heads
      const out = new Float64Array(op.out.width)
      for (let head = 0; head < op.out.heads; head++) {
        for (let source = 0; source < op.x.heads; source++) {
          const factor = by[head * op.x.heads + source] + op.plus
          for (let i = 0; i < width; i++) out[head * width + i] += factor * x[source * width + i]
        }
      }
      return out
    }
    case 'gaussianTopK': {
      const mean = x.reduce((a, b) => a + b) / x.length
      const centred = x.map((value) => value - mean)
      const cut = op.deviations * Math.sqrt(dot(centred, centred) / (x.length - 1))
      return centred.map((value) => Math.max(0, value - cut))
    }
    case 'slice': {
      const length = op.out.width / op.out.heads
      return byHead(x, op.x.heads, (part) => part.slice(op.first, op.first + length))
    }
    case 'concat': {
      const [a, b] = [row.of(op.a), row.of(op.b)]
      const width = b.length / op.b.heads
      return byHead(a, op.a.heads, (part, head) =>
        Float64Array.of(...part, ...headOf(b, op.b.heads === 1 ? 0 : head, width)),
      )
    }
    case 'route':
      return route(weights, row.of(op.logits), op.routing)
    case 'experts':
      return experts(weights, x, row.of(op.routes), op)
  }
}

/** scale · (matrix · x) + bias. */
export function linear(
  weights: Weights,
  x: Vector,
  {
    matrix,
    scale,
    bias,
  }: { matrix: MatrixSlice; scale?: VectorSlice | undefined; bias?: VectorSlice | undefined },
): Vector {
  const factor = scale ? sliceOf(weights, scale)[0] : 1
  const offsets = bias && sliceOf(weights, bias)
  const values = weights.tensor(matrix.tensor)
  const out = products(values, matrix, x)
  if (factor === 1 && !offsets) return out
  for (let row = 0; row < out.length; row++) out[row] = factor * out[row] + (offsets?.[row] ?? 0)
  return out
}

/** The dot product of each row of a matrix with `x`: four rows at a time, because a single sum waits for each addition. */
function products(values: Vector, { firstRow, rows, columns }: MatrixSlice, x: Vector): Vector {
  const out = new Float64Array(rows)
  let row = 0
  for (; row + 4 <= rows; row += 4) {
    const at = (firstRow + row) * columns
    let [a, b, c, d] = [0, 0, 0, 0]
    for (let i = 0; i < columns; i++) {
      const factor = x[i]
      a += values[at + i] * factor
      b += values[at + columns + i] * factor
      c += values[at + 2 * columns + i] * factor
      d += values[at + 3 * columns + i] * factor
    }
    out[row] = a
    out[row + 1] = b
    out[row + 2] = c
    out[row + 3] = d
  }
  for (; row < rows; row++) {
    const at = (firstRow + row) * columns
    for (let i = 0; i < columns; i++) out[row] += values[at + i] * x[i]
  }
  return out
}

/** Indices in ascending order, then weights. */
function route(weights: Weights, logits: Vector, routing: Routing): Vector {
  const { used, gating, selectionBias, groups, normalize, scale } = routing
  const probabilities =
    gating === 'softmax' ? softmax([...logits]) : [...logits].map(gating === 'sigmoid' ? sigmoid : same)
  const offsets = selectionBias && sliceOf(weights, selectionBias)
  const scores = probabilities.map((value, i) => value + (offsets?.[i] ?? 0))
  const allowed = groups ? inBestGroups(scores, groups) : scores
  const chosen = best(allowed, used).sort((a, b) => a - b)
  let shares = chosen.map((expert) => probabilities[expert])
  if (gating === 'softmaxOfChosen') shares = softmax(shares)
  if (normalize) {
    const sum = Math.max(
      2 ** -14,
      shares.reduce((a, b) => a + b),
    )
    shares = shares.map((share) => share / sum)
  }
  return Float64Array.of(...chosen, ...shares.map((share) => share * scale))
}

/** The scores, but -∞ for experts outside of the best groups. */
function inBestGroups(scores: readonly number[], { count, used }: { count: number; used: number }): number[] {
  const size = scores.length / count
  const members = (group: number) => scores.slice(group * size, (group + 1) * size)
  const sums = Array.from({ length: count }, (_, group) =>
    best(members(group), Math.min(2, size)).reduce((sum, i) => sum + members(group)[i], 0),
  )
  const kept = best(sums, used)
  return scores.map((score, i) => (kept.includes(Math.floor(i / size)) ? score : Number.NEGATIVE_INFINITY))
}

/** The indices of the `count` largest scores; of equal ones, the lower index. */
function best(scores: readonly number[], count: number): number[] {
  return [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b).slice(0, count)
}

function experts(weights: Weights, x: Vector, routes: Vector, op: Op & { kind: 'experts' }): Vector {
  const used = routes.length / 2
  const sum = new Float64Array(op.out.width)
  for (let i = 0; i < used; i++) {
    const [expert, weight] = [routes[i], routes[used + i]]
    const up = expertLinear(weights, x, op.up, expert)
    const gate = op.gate ? expertLinear(weights, x, op.gate, expert) : up
    const inner = up.map((value, j) => EXPERT[op.function](gate[j], value))
    const product = expertLinear(weights, inner, op.down, expert)
    for (let j = 0; j < sum.length; j++) sum[j] += weight * product[j]
  }
  return sum
}

function expertLinear(weights: Weights, x: Vector, matrix: ExpertMatrix, expert: number): Vector {
  const first = expert * matrix.rowsPerExpert + matrix.firstRow
  const of = (slice: VectorSlice, at: number, length: number) => ({
    ...slice,
    first: slice.first + at,
    length,
  })
  return linear(weights, x, {
    matrix: { ...matrix, firstRow: first },
    scale: matrix.scale && of(matrix.scale, expert, 1),
    bias: matrix.bias && of(matrix.bias, first, matrix.rows),
  })
}

function rowOf(weights: Weights, { tensor, firstRow, columns }: MatrixSlice, row: number): Vector {
  return weights.tensor(tensor).subarray((firstRow + row) * columns, (firstRow + row + 1) * columns)
}

export function sliceOf(weights: Weights, { tensor, first, length }: VectorSlice): Vector {
  return weights.tensor(tensor).subarray(first, first + length)
}

/** A head's own weights, or those that all share. */
function headWeights(weights: Weights, slice: VectorSlice, head: number, width: number): Vector {
  const all = sliceOf(weights, slice)
  return all.length === width ? all : headOf(all, head, width)
}

/** A head's own values, those that all share, or one for all. */
function elementWeights(
  weights: Weights,
  slice: VectorSlice,
  head: number,
  heads: number,
  width: number,
): Vector {
  const all = sliceOf(weights, slice)
  if (all.length === width * heads) return headOf(all, head, width)
  return all.length === width ? all : new Float64Array(width).fill(all[0])
}

/** A view of one of the parts of equal width that lie side by side. */
export function headOf(x: Vector, head: number, width: number): Vector {
  return x.subarray(head * width, (head + 1) * width)
}

function byHead(x: Vector, heads: number, compute: (part: Vector, head: number) => Vector): Vector {
  const width = x.length / heads
  let out = new Float64Array(x.length)
  for (let head = 0; head < heads; head++) {
    const part = compute(headOf(x, head, width), head)
    if (out.length !== heads * part.length) out = new Float64Array(heads * part.length)
    out.set(part, head * part.length)
  }
  return out
}

export function dot(a: Vector, b: Vector): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

export function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores)
  const weights = scores.map((score) => Math.exp(score - largest))
  let sum = 0
  for (const weight of weights) sum += weight
  return weights.map((weight) => weight / sum)
}

function same(x: number): number {
  return x
}
