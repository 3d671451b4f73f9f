import type { ActivationFunction, MatrixSlice, Value, VectorSlice } from '../../backend/program.js'
import type { RopeSpec } from '../../backend/rope.js'
import { describeValue } from '../../describe.js'
import { isArray } from '../../read-list.js'
import { ropeMistake } from '../rope-check.js'
import { LONG_FACTORS, SHORT_FACTORS } from '../rope-scaling.js'
import { Recorder } from './recorder.js'

/** What a family can compute row by row: embeddings, norms, linear layers, positions, elementwise functions. */
export class Operations extends Recorder {
  /** Token embeddings: each token's row of `name`, [columns, vocabSize]. `columns`: default the embedding length. */
  embed(name: string, options: { columns?: number } = {}): Value {
    const where = `embed ${describeValue(name)}`
    const { embeddingLength, vocabSize } = this.config
    const { columns = embeddingLength } = this.object(where, options)
    const matrix = this.matrix(where, name, columns, vocabSize)
    return this.push({ kind: 'embed', matrix }, columns)
  }

  /** Learned position embeddings: each token's position is its row of `name`, [embeddingLength, contextLength]. */
  embedPosition(name: string): Value {
    const { embeddingLength, contextLength } = this.config
    const matrix = this.matrix(`embedPosition ${describeValue(name)}`, name, embeddingLength, contextLength)
    return this.push({ kind: 'embedPosition', matrix }, embeddingLength)
  }

  /** Row `row` of `name`, [embeddingLength, rows], for every token. */
  embedRow(name: string, row: number, rows: number): Value {
    const where = `embedRow ${describeValue(name)}`
    const { embeddingLength } = this.config
    const whole = this.matrix(where, name, embeddingLength, rows)
    if (!(Number.isInteger(row) && row >= 0 && row < rows)) {
      throw this.error(where, `there is no row ${describeValue(row)} of ${rows}`)
    }
    return this.push({ kind: 'embedRow', matrix: { ...whole, firstRow: row, rows: 1 } }, embeddingLength)
  }

  /**
   * Root-mean-square norm over the whole row, with the weights `name`, [width], or none. `suffix`: of the weights' name, default
   * `.weight`; a few files have none. Source: Zhang and Sennrich 2019.
   */
  rmsNorm(x: Value, name?: string, options: { bias?: boolean; suffix?: '.weight' | '' } = {}): Value {
    const where = `rmsNorm ${describeValue(name)}`
    this.check(where, x)
    const { bias: isBiased = false, suffix = '.weight' } = this.object(where, options)
    const weight =
      name === undefined ? undefined : this.vector(where, this.text(where, name) + suffix, x.width)
    const bias = isBiased ? this.vector(where, `${name}.bias`, x.width) : undefined
    const whole = { ...x, heads: 1 }
    return this.push(
      { kind: 'rmsNorm', x: whole, weight, bias, epsilon: this.config.normEpsilon },
      x.width,
      x.heads,
    )
  }

  /**
   * RMS norm over each head; all heads share the weights `name`, [headDim], if there are any. Source: Henry et al. 2020
   * (query-key norm).
   */
  headNorm(x: Value, name?: string): Value {
    const where = `headNorm ${describeValue(name)}`
    this.check(where, x)
    const length = x.width / x.heads
    const weight =
      name === undefined ? undefined : this.vector(where, `${this.text(where, name)}.weight`, length)
    return this.push({ kind: 'rmsNorm', x, weight, epsilon: this.config.normEpsilon }, x.width, x.heads)
  }

  /** RMS norm over `groups` equal parts of the row, each with its own weights: `name`, [width / groups, groups]. */
  groupNorm(x: Value, name: string, groups: number): Value {
    const where = `groupNorm ${describeValue(name)}`
    this.check(where, x)
    if (!(Number.isInteger(groups) && groups >= 1 && x.width % groups === 0)) {
      throw this.error(where, `${x.width} values cannot be split into ${describeValue(groups)} groups`)
    }
    const full = this.fullName(`${this.text(where, name)}.weight`)
    const tensor = this.require(where, full, 'vector', [x.width / groups, groups])
    const weight: VectorSlice = { tensor, first: 0, length: x.width }
    const { normEpsilon: epsilon } = this.config
    return this.push({ kind: 'rmsNorm', x: { ...x, heads: groups }, weight, epsilon }, x.width, x.heads)
  }

  /** Each head divided by its length: x / √(Σ x² + epsilon). */
  unitNorm(x: Value): Value {
    this.check('unitNorm', x)
    const length = x.width / x.heads
    const epsilon = this.config.normEpsilon / length
    const normed = this.push({ kind: 'rmsNorm', x, weight: undefined, epsilon }, x.width, x.heads)
    return this.scale(normed, 1 / Math.sqrt(length))
  }

  /**
   * x · weight + bias, element by element. Each is a vector named with its suffix, such as `ssm_dt.bias`, of as many values as a
   * row or as a head of x, or of one. `length`: default as many as the file has.
   */
  affine(x: Value, names: { weight?: string; bias?: string; length?: number }): Value {
    this.check('affine', x)
    const { weight, bias, length } = this.object('affine', names)
    const vectorOf = (name: string | undefined) => {
      if (name === undefined) return undefined
      const lengths = [x.width, x.width / x.heads, 1]
      const found = this.recording.names.get?.(this.fullName(this.text('affine', name)))?.shape
      const elements = length ?? found?.reduce((product, size) => product * size, 1)
      return this.vector('affine', name, lengths.find((length) => length === elements) ?? x.width)
    }
    return this.push({ kind: 'affine', x, weight: vectorOf(weight), bias: vectorOf(bias) }, x.width, x.heads)
  }

  /** The same values, split into `heads` equal parts. */
  splitHeads(x: Value, heads: number): Value {
    this.check('splitHeads', x)
    if (!(Number.isInteger(heads) && heads >= 1 && x.width % heads === 0)) {
      throw this.error('splitHeads', `${x.width} values cannot be split into ${describeValue(heads)} heads`)
    }
    return this.viewed(x, heads)
  }

  /** Layer norm over the whole row, with the weights `name` and, if the file has it, a bias, [width]. Source: Ba et al. 2016. */
  layerNorm(x: Value, name: string): Value {
    const where = `layerNorm ${describeValue(name)}`
    this.check(where, x)
    const weight = this.vector(where, `${this.text(where, name)}.weight`, x.width)
    const bias = this.bias(where, name, 0, x.width, x.width)
    const whole = { ...x, heads: 1 }
    const { normEpsilon: epsilon } = this.config
    return this.push({ kind: 'layerNorm', x: whole, weight, bias, epsilon }, x.width, x.heads)
  }

  /** Layer norm over each head, which has weights of its own: `name`, [headDim, heads]. */
  headLayerNorm(x: Value, name: string): Value {
    const where = `headLayerNorm ${describeValue(name)}`
    this.check(where, x)
    const full = this.fullName(`${this.text(where, name)}.weight`)
    const tensor = this.require(where, full, 'vector', [x.width / x.heads, x.heads])
    const weight: VectorSlice = { tensor, first: 0, length: x.width }
    const { normEpsilon: epsilon } = this.config
    return this.push({ kind: 'layerNorm', x, weight, bias: undefined, epsilon }, x.width, x.heads)
  }

  /**
   * A linear layer with `rows` outputs in `heads` (default 1) parts of equal width: matrix `name`, [width, rows], and, if
   * the file has them, a bias `name.bias`, [rows], and a factor of the product, `name.scale`, [1], unless it is not `scaled`.
   */
  linear(x: Value, name: string, rows: number, options: { heads?: number; scaled?: boolean } = {}): Value {
    const where = `linear ${describeValue(name)}`
    this.check(where, x)
    const { heads = 1, scaled = true } = this.object(where, options)
    const matrix = this.matrix(where, name, x.width, rows)
    const bias = this.bias(where, name, 0, rows, rows)
    const scale = scaled ? this.optionalVector(where, `${name}.scale`, 1) : undefined
    return this.push({ kind: 'linear', x, matrix, bias, scale }, rows, heads)
  }

  /** Several linear layers of one input. A file may store them as one matrix `fused` with their rows concatenated. */
  linears(
    x: Value,
    fused: string,
    parts: readonly { name: string; rows: number; heads?: number }[],
  ): Value[] {
    const where = `linear ${describeValue(fused)}`
    this.check(where, x)
    if (!isArray(parts)) throw this.error(where, `its parts must be an array, not ${describeValue(parts)}`)
    for (const part of parts) this.object(where, part)
    const all = parts.reduce((sum, { rows }) => sum + rows, 0)
    const isFused = this.has(`${this.text(where, fused)}.weight`)
    let first = 0
    return parts.map(({ name, rows, heads = 1 }) => {
      const whole = isFused && this.matrix(where, fused, x.width, all)
      const matrix: MatrixSlice = whole
        ? { ...whole, firstRow: first, rows }
        : this.matrix(`linear ${describeValue(name)}`, name, x.width, rows)
      const bias = this.has(`${fused}.bias`)
        ? this.bias(where, fused, first, rows, all)
        : this.bias(where, name, 0, rows, rows)
      const scale = this.optionalVector(where, `${isFused ? fused : name}.scale`, 1)
      first += rows
      return this.push({ kind: 'linear', x, matrix, bias, scale }, rows, heads)
    })
  }

  /**
   * The results of one linear layer `name`, [width, Σ rows], in parts of `rows` values; each has its part of `name.bias` or, where
   * files store it apart, a bias of its own, the vector `bias`, [rows].
   */
  linearParts(
    x: Value,
    name: string,
    parts: readonly { rows: number; heads?: number; bias?: string }[],
  ): Value[] {
    const where = `linear ${describeValue(name)}`
    this.check(where, x)
    if (!isArray(parts)) throw this.error(where, `its parts must be an array, not ${describeValue(parts)}`)
    for (const part of parts) {
      const { rows } = this.object(where, part)
      if (!(Number.isInteger(rows) && rows >= 1)) {
        throw this.error(where, `a part cannot have ${describeValue(rows)} rows`)
      }
    }
    const all = parts.reduce((sum, { rows }) => sum + rows, 0)
    const whole = this.matrix(where, name, x.width, all)
    let first = 0
    return parts.map(({ rows, heads = 1, bias: own }) => {
      const matrix: MatrixSlice = { ...whole, firstRow: first, rows }
      const bias =
        own === undefined ? this.bias(where, name, first, rows, all) : this.vector(where, own, rows)
      const scale = this.optionalVector(where, `${name}.scale`, 1)
      first += rows
      return this.push({ kind: 'linear', x, matrix, bias, scale }, rows, heads)
    })
  }

  /** A matrix for each head: `name`, [headDim, rows, heads]; each head of the result has `rows` values. */
  headLinear(x: Value, name: string, rows: number): Value {
    const where = `headLinear ${describeValue(name)}`
    this.check(where, x)
    const columns = x.width / x.heads
    const full = this.fullName(`${this.text(where, name)}.weight`)
    const tensor = this.require(where, full, 'matrix', [columns, rows, x.heads])
    const matrix: MatrixSlice = { tensor, firstRow: 0, rows, columns }
    return this.push({ kind: 'headLinear', x, matrix }, rows * x.heads, x.heads)
  }

  /**
   * Rotary position embedding of each head. Source: Su et al. 2021. `options` override the configuration, such as `theta`
   * and `scaling` of sliding-window layers; `first` is the first rotated value of a head, default 0.
   */
  rope(x: Value, options: Partial<RopeSpec> & { first?: number } = {}): Value {
    this.check('rope', x)
    const { first = 0, ...overrides } = this.object('rope', options)
    const { ropeType, ropeDim, ropeTheta, ropeScaling } = this.config
    const own = { type: ropeType, dims: ropeDim, theta: ropeTheta, scaling: ropeScaling }
    const scaling = overrides.scaling ?? ropeScaling
    const spec: RopeSpec = { ...own, ...this.#ropeFactors(scaling), ...overrides }
    const headDim = x.width / x.heads
    if (!(Number.isInteger(first) && first >= 0 && first < headDim)) {
      throw this.error('rope', `heads of ${headDim} have no value ${describeValue(first)}`)
    }
    const mistake = ropeMistake(spec, headDim - first)
    if (mistake) throw this.error('rope', mistake)
    for (const name of [spec.factors, spec.longFactors]) {
      if (name !== undefined) this.require('rope', name, 'vector', [spec.dims / 2])
    }
    const { ropes } = this.recording
    const text = JSON.stringify(spec)
    const known = ropes.get(text) ?? { index: ropes.size, spec }
    ropes.set(text, known)
    return this.push({ kind: 'rope', x, rope: known.index, first }, x.width, x.heads)
  }

  /** x · (1 + beta · ln(1 + ⌊position / interval⌋)): queries far into a context. Source: Mistral 3. */
  temperature(x: Value, beta: number, interval: number): Value {
    this.check('temperature', x)
    this.checkReal('temperature', 'beta', beta)
    if (!(Number.isInteger(interval) && interval >= 1)) {
      throw this.error(
        'temperature',
        `the interval must be a whole number from 1, not ${describeValue(interval)}`,
      )
    }
    return this.push({ kind: 'temperature', x, beta, interval }, x.width, x.heads)
  }

  /** An elementwise function. */
  activation(x: Value, name: ActivationFunction): Value {
    this.check(ACTIVATIONS.includes(name) ? name : 'activation', x)
    if (!ACTIVATIONS.includes(name)) throw this.error('activation', `${describeValue(name)} is unknown`)
    return this.push({ kind: 'activation', function: name, x }, x.width, x.heads)
  }

  /** x · σ(x). */
  silu(x: Value): Value {
    return this.activation(x, 'silu')
  }

  /** GELU in its tanh approximation. */
  gelu(x: Value): Value {
    return this.activation(x, 'gelu')
  }

  /** The sum of two values of equal width. */
  add(a: Value, b: Value): Value {
    return this.#pair('add', a, b)
  }

  /** The product, element by element, of two values of equal width. */
  multiply(a: Value, b: Value): Value {
    return this.#pair('multiply', a, b)
  }

  /** x · by; x itself for a factor of 1. */
  scale(x: Value, by: number): Value {
    this.check('scale', x)
    this.checkReal('scale', 'the factor', by)
    if (by === 1) return x
    return this.push({ kind: 'scale', x, by }, x.width, x.heads)
  }

  /** Each row of x times its one value of `by`. */
  scaleRows(x: Value, by: Value): Value {
    this.check('scaleRows', x, by)
    if (by.width !== 1) throw this.error('scaleRows', `the factors have ${by.width} values per row, not 1`)
    return this.push({ kind: 'scaleRows', x, by }, x.width, x.heads)
  }

  /** `length` values of each head, from `first` on. */
  slice(x: Value, first: number, length: number): Value {
    this.check('slice', x)
    const headDim = x.width / x.heads
    const isInside = [first, length].every(Number.isInteger) && first >= 0 && length >= 1
    if (!isInside || first + length > headDim) {
      throw this.error(
        'slice',
        `heads of ${headDim} have no ${describeValue(length)} values from ${describeValue(first)} on`,
      )
    }
    return this.push({ kind: 'slice', x, first }, length * x.heads, x.heads)
  }

  /** Each head of `a`, followed by that of `b`, or by the only one of `b`. */
  concat(a: Value, b: Value): Value {
    this.check('concat', a, b)
    if (b.heads !== a.heads && b.heads !== 1) {
      throw this.error('concat', `${a.heads} heads cannot be joined with ${b.heads}`)
    }
    return this.push({ kind: 'concat', a, b }, a.width + (b.width / b.heads) * a.heads, a.heads)
  }

  /** The file's factors of rotary frequencies. Longrope has two lists of them; with one alone, the other is missing. */
  #ropeFactors({ type }: RopeSpec['scaling']): Pick<RopeSpec, 'factors' | 'longFactors'> {
    const { names } = this.recording
    if (type !== 'longrope') return { factors: names.has(ROPE_FACTORS) ? ROPE_FACTORS : undefined }
    const hasFactors = names.has(SHORT_FACTORS) || names.has(LONG_FACTORS)
    return hasFactors ? { factors: SHORT_FACTORS, longFactors: LONG_FACTORS } : { factors: undefined }
  }

  #pair(kind: 'add' | 'multiply', a: Value, b: Value): Value {
    this.check(kind, a, b)
    if (a.width !== b.width)
      throw this.error(kind, `operands of different widths (${a.width} and ${b.width})`)
    return this.push({ kind, a, b }, a.width, a.heads)
  }
}

const ROPE_FACTORS = 'rope_freqs.weight'

const ACTIVATIONS: readonly ActivationFunction[] = [
  'silu',
  'gelu',
  'relu',
  'relu2',
  'sigmoid',
  'tanh',
  'softplus',
]
