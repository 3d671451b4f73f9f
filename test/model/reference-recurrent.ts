/** The operations with a state of constant size, one row after another, in f64. */
import type { Op, Value } from '../../src/backend/program.js'
import { dot, headOf, sliceOf, type Vector, type Weights } from './reference-ops.js'

export type RecurrentOp = Extract<Op, { kind: 'conv' | 'deltaRule' | 'stateScan' }>

export function isRecurrent(op: Op): op is RecurrentOp {
  return op.kind === 'conv' || op.kind === 'deltaRule' || op.kind === 'stateScan'
}

/** The next row's result. `state` is changed. */
export function computeRecurrent(
  op: RecurrentOp,
  weights: Weights,
  of: (value: Value) => Vector,
  state: Vector,
): Vector {
  switch (op.kind) {
    case 'conv':
      return conv(op, weights, of(op.x), state)
    case 'deltaRule':
      return deltaRule(op, of, state)
    case 'stateScan':
      return stateScan(op, weights, of, state)
  }
}

function conv(
  { kernel, taps, bias }: Op & { kind: 'conv' },
  weights: Weights,
  x: Vector,
  state: Vector,
): Vector {
  const [factors, offsets] = [sliceOf(weights, kernel), bias && sliceOf(weights, bias)]
  const rows = Float64Array.of(...state, ...x)
  const out = x.map((_, channel) => {
    let sum = offsets?.[channel] ?? 0
    for (let j = 0; j < taps; j++) sum += factors[channel * taps + j] * rows[j * x.length + channel]
    return sum
  })
  state.set(rows.subarray(x.length))
  return out
}

function deltaRule(op: Op & { kind: 'deltaRule' }, of: (value: Value) => Vector, state: Vector): Vector {
  const [q, k, v, decay, beta] = [op.q, op.k, op.v, op.decay, op.beta].map(of)
  const [keyDim, valueDim] = [op.k.width / op.k.heads, op.v.width / op.v.heads]
  const out = new Float64Array(v.length)
  for (let head = 0; head < op.v.heads; head++) {
    const shared = op.sharing === 'modulo' ? head % op.k.heads : Math.floor(head / (op.v.heads / op.k.heads))
    const [query, key] = [headOf(q, shared, keyDim), headOf(k, shared, keyDim)]
    for (let i = head * valueDim; i < (head + 1) * valueDim; i++) {
      const row = headOf(state, i, keyDim)
      for (let j = 0; j < keyDim; j++) row[j] *= Math.exp(decay[head])
      const u = beta[head] * (v[i] - dot(row, key))
      for (let j = 0; j < keyDim; j++) row[j] += u * key[j]
      out[i] = op.scale * dot(row, query)
    }
  }
  return out
}

function stateScan(
  op: Op & { kind: 'stateScan' },
  weights: Weights,
  of: (value: Value) => Vector,
  state: Vector,
): Vector {
  const [x, b, c, step] = [op.x, op.b, op.c, op.step].map(of)
  const [a, d] = [sliceOf(weights, op.a), op.d && sliceOf(weights, op.d)]
  const { heads } = op.x
  const [width, states] = [op.x.width / heads, op.b.width / op.b.heads]
  const out = new Float64Array(x.length)
  for (let head = 0; head < heads; head++) {
    const shared = Math.floor(head / (heads / op.b.heads))
    const [inward, outward] = [headOf(b, shared, states), headOf(c, shared, states)]
    for (let i = head * width; i < (head + 1) * width; i++) {
      const row = headOf(state, i, states)
      for (let s = 0; s < states; s++) {
        const decay = a.length === heads ? a[head] : a[head * states + s]
        row[s] = Math.exp(step[head] * decay) * row[s] + step[head] * x[i] * inward[s]
      }
      out[i] = dot(row, outward) + (d ? d[head] * x[i] : 0)
    }
  }
  return out
}
