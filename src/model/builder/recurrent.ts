import type { HeadSharing, Value, VectorSlice } from '../../backend/program.js'
import { describeValue } from '../../describe.js'
import { Operations } from './operations.js'

/** What a recurrent layer computes: operations that remember earlier rows in a state of constant size. */
export class RecurrentOperations extends Operations {
  /**
   * Causal convolution of each channel with its own kernel: `name.weight`, [taps, width], the newest row's tap last, and a bias
   * `name.bias`, [width], if the file has one.
   */
  conv(x: Value, name: string, taps: number): Value {
    const where = `conv ${describeValue(name)}`
    this.check(where, x)
    if (!(Number.isInteger(taps) && taps >= 2)) {
      throw this.error(where, `a kernel has 2 taps or more, not ${describeValue(taps)}`)
    }
    const full = this.fullName(`${this.text(where, name)}.weight`)
    const tensor = this.require(where, full, 'vector', [taps, x.width])
    const kernel: VectorSlice = { tensor, first: 0, length: taps * x.width }
    const bias = this.bias(where, name, 0, x.width, x.width)
    const memory = this.#addState((taps - 1) * x.width)
    return this.push({ kind: 'conv', x, kernel, taps, bias, memory }, x.width, x.heads)
  }

  /**
   * The gated delta rule, with a state per head of `v`; see `Op`. `decay` and `beta` have a value per head of `v`. `scale`:
   * default 1/√keyDim. `sharing`: which head of `q` and `k` a head of `v` reads.
   */
  deltaRule(
    { q, k, v, decay, beta }: Readonly<Record<'q' | 'k' | 'v' | 'decay' | 'beta', Value>>,
    options: { sharing: HeadSharing; scale?: number },
  ): Value {
    const where = 'deltaRule'
    this.check(where, q, k, v, decay, beta)
    const keyDim = k.width / k.heads
    const { sharing, scale = 1 / Math.sqrt(keyDim) } = this.object(where, options)
    if (q.heads !== k.heads || q.width !== k.width || v.heads % k.heads !== 0) {
      throw this.error(
        where,
        `${v.heads} value heads cannot share ${q.heads} query heads of ${q.width / q.heads} and ${k.heads} key heads of ${keyDim}`,
      )
    }
    const valueDim = v.width / v.heads
    if (keyDim % 4 !== 0 || valueDim % 4 !== 0) {
      throw this.error(
        where,
        `heads of ${keyDim} key and ${valueDim} value dimensions; both must be multiples of 4`,
      )
    }
    if (decay.width !== v.heads || beta.width !== v.heads) {
      throw this.error(where, `${decay.width} decays and ${beta.width} betas for ${v.heads} value heads`)
    }
    if (!SHARINGS.includes(sharing)) throw this.error(where, `sharing ${describeValue(sharing)} is unknown`)
    this.checkReal(where, 'the scale', scale)
    const memory = this.#addState(v.heads * valueDim * keyDim)
    return this.push({ kind: 'deltaRule', q, k, v, decay, beta, scale, sharing, memory }, v.width, v.heads)
  }

  /**
   * A selective state space over the heads of `x`; see `Op`. `a` and `d` are the tensors' full names in the layer, without a
   * suffix in most files. `a` and `d` are [1, heads] or [heads]; with decays `perState`, `a` is [states, heads] and `d` [heads].
   */
  stateScan(
    { x, b, c, step }: Readonly<Record<'x' | 'b' | 'c' | 'step', Value>>,
    options: { a: string; perState?: boolean; d?: string },
  ): Value {
    const where = 'stateScan'
    this.check(where, x, b, c, step)
    const { a, perState = false, d } = this.object(where, options)
    const states = b.width / b.heads
    if (b.heads !== c.heads || b.width !== c.width || x.heads % b.heads !== 0) {
      throw this.error(
        where,
        `${x.heads} heads cannot share ${b.heads} heads of b with ${states} states and ${c.heads} of c with ${c.width / c.heads}`,
      )
    }
    if (states % 4 !== 0) throw this.error(where, `${states} states; a multiple of 4 is needed`)
    if (step.width !== x.heads) throw this.error(where, `${step.width} steps for ${x.heads} heads`)
    const decays = this.#flat(where, a, perState ? states : 1, x.heads)
    const skips =
      d === undefined
        ? undefined
        : perState
          ? this.vector(where, this.text(where, d), x.heads)
          : this.#flat(where, d, 1, x.heads)
    const memory = this.#addState(x.width * states)
    return this.push({ kind: 'stateScan', x, b, c, step, a: decays, d: skips, memory }, x.width, x.heads)
  }

  /** The vector `name`, [columns, rows]; with one column, files may have [rows] alone. */
  #flat(where: string, name: string, columns: number, rows: number): VectorSlice {
    const full = this.fullName(this.text(where, name))
    const found = this.recording.names.get?.(full)?.shape
    const shape = columns === 1 && found?.[0] === rows ? [rows] : [columns, rows]
    return { tensor: this.require(where, full, 'vector', shape), first: 0, length: columns * rows }
  }

  #addState(values: number): number {
    return this.recording.memories.push({ kind: 'recurrent', values }) - 1
  }
}

const SHARINGS: readonly HeadSharing[] = ['modulo', 'groups']
