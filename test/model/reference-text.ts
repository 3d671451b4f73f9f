/** A whole text on a program with attention in both directions, in f64: the reference for encoders. */
import type { Op, PositionBias, Value } from '../../src/backend/program.js'
import { alibiSlope, type ReferenceModel } from './reference.js'
import { computeRow, dot, headOf, type Row, seesOtherRows, softmax, type Vector } from './reference-ops.js'

export class ReferenceText {
  readonly #model: ReferenceModel

  constructor(model: ReferenceModel) {
    this.#model = model
  }

  /** The hidden state of each token, f64[embedding length]. */
  hiddenStates(ids: readonly number[]): Vector[] {
    const { ops, hidden } = this.#model.program
    const contextLength = ids.length
    /** What each token's operations have yielded, by the value's id. */
    const results = ids.map(() => [] as Vector[])
    for (const op of ops) {
      if (op.kind === 'encoderAttention') {
        const of = (value: Value) => results.map((row) => row[value.id])
        const attended = this.#attention(op, of)
        for (const [position, row] of results.entries()) row[op.out.id] = attended[position]
        continue
      }
      if (seesOtherRows(op)) throw new Error(`a causal model has sequences: ${op.kind}`)
      for (const [position, id] of ids.entries()) {
        const row: Row = { id, position, contextLength, of: (value) => results[position][value.id] }
        results[position][op.out.id] = computeRow(op, this.#model, row)
      }
    }
    return results.map((row) => row[hidden.id])
  }

  /** What follows pooling. */
  afterPooling(pooled: Vector): Vector {
    const head = this.#model.program.afterPooling
    if (!head) throw new Error('nothing follows pooling')
    const results: Vector[] = []
    results[head.input.id] = pooled
    const row: Row = { id: 0, position: 0, contextLength: 1, of: (value) => results[value.id] }
    for (const op of head.ops) {
      if (seesOtherRows(op)) throw new Error(`one row has no ${op.kind}`)
      results[op.out.id] = computeRow(op, this.#model, row)
    }
    return results[head.output.id]
  }

  #attention(op: Op & { kind: 'encoderAttention' }, of: (value: Value) => Vector[]): Vector[] {
    const { q, k, v, scale, window = Number.POSITIVE_INFINITY, bias } = op
    const [queries, keys, values] = [q, k, v].map(of)
    const [keyDim, valueDim] = [k.width / k.heads, v.width / v.heads]
    return queries.map((all, position) => {
      const out = new Float64Array(q.heads * valueDim)
      for (let head = 0; head < q.heads; head++) {
        const shared = Math.floor((head * k.heads) / q.heads)
        const query = headOf(all, head, keyDim)
        const seen = [...keys.keys()].filter((other) => Math.abs(other - position) <= window / 2)
        const scores = seen.map((other) => {
          const score = scale * dot(query, headOf(keys[other], shared, keyDim))
          return bias ? score + this.#biasOf(bias, head, q.heads, other - position) : score
        })
        const weights = softmax(scores)
        for (const [i, other] of seen.entries()) {
          const value = headOf(values[other], shared, valueDim)
          for (let d = 0; d < valueDim; d++) out[head * valueDim + d] += weights[i] * value[d]
        }
      }
      return out
    })
  }

  /** The bias of a key at `distance` after its query. */
  #biasOf(bias: PositionBias, head: number, heads: number, distance: number): number {
    if (bias.kind === 'alibi') return -alibiSlope(head, heads, bias.maxBias) * Math.abs(distance)
    return this.#model.tensor(bias.table.tensor)[bucketOf(distance, bias.buckets) * heads + head]
  }
}

/** T5's bucket of a distance, as in its paper's code, for both directions. */
export function bucketOf(distance: number, buckets: number): number {
  const half = buckets / 2
  const single = half / 2
  const far = Math.abs(distance)
  // Ranges grow by a constant factor up to 128; a whole power must not fall below its range by rounding.
  const range = Math.floor((Math.log(far / single) * (half - single)) / Math.log(128 / single) + 1e-7)
  const within = far < single ? far : Math.min(half - 1, single + range)
  return (distance > 0 ? half : 0) + within
}
