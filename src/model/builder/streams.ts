import type { Value } from '../../backend/program.js'
import { describeValue } from '../../describe.js'
import { RecurrentOperations } from './recurrent.js'

/** What models with several residual streams, or with statistics of a row, compute besides. Each stream is a head of a value. */
export class StreamOperations extends RecurrentOperations {
  /** The length of each head: √(Σ x²). */
  length(x: Value): Value {
    this.check('length', x)
    return this.push({ kind: 'length', x }, x.heads, x.heads)
  }

  /**
   * Combinations of the heads of x: head t of the result is Σ over s of (by[t][s] + plus) · head s. `by` has a value per row
   * for each pair of the result's head t and x's head s; `plus` is 0 by default.
   */
  mixHeads(x: Value, by: Value, options: { plus?: number } = {}): Value {
    const where = 'mixHeads'
    this.check(where, x, by)
    const { plus = 0 } = this.object(where, options)
    this.checkReal(where, 'the addend', plus)
    if (by.width % x.heads !== 0) {
      throw this.error(where, `${by.width} factors cannot combine ${x.heads} heads`)
    }
    const heads = by.width / x.heads
    return this.push({ kind: 'mixHeads', x, by, plus }, (x.width / x.heads) * heads, heads)
  }

  /** `times` copies of a row, as heads. */
  repeat(x: Value, times: number): Value {
    this.check('repeat', x)
    if (!(Number.isInteger(times) && times >= 1 && times <= MAX_REPEATS)) {
      throw this.error('repeat', `${describeValue(times)} copies; 1 to ${MAX_REPEATS} are possible`)
    }
    const row = this.splitHeads(x, 1)
    let all = row
    for (let i = 1; i < times; i++) all = this.concat(all, row)
    return this.splitHeads(all, times)
  }

  /** max(0, x - mean - deviations · s), s being the standard deviation of a row: keeps the largest values; see `Op`. */
  gaussianTopK(x: Value, deviations: number): Value {
    this.check('gaussianTopK', x)
    this.checkReal('gaussianTopK', 'the number of deviations', deviations)
    if (x.width < 2) throw this.error('gaussianTopK', 'a single value has no standard deviation')
    return this.push({ kind: 'gaussianTopK', x, deviations }, x.width, x.heads)
  }
}

const MAX_REPEATS = 16
