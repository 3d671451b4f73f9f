import type { MemorySpec } from '../backend/memory.js'
import type {
  ActivationFunction,
  Logits,
  MatrixSlice,
  Op,
  Program,
  TensorSpec,
  Value,
  VectorSlice,
} from '../backend/program.js'
import type { RopeSpec } from '../backend/rope.js'
import { describeValue } from '../describe.js'
import type { DasllamaError } from '../errors.js'
import { isArray } from '../read-list.js'
import type { Config } from './config.js'
import { familyError } from './family.js'
import { ropeMistake } from './rope-check.js'

/** The tensors of a model file, or those that a test defines. */
export interface TensorNames {
  has(name: string): boolean
  /** The tensor's shape, columns before rows, if known. */
  get?(name: string): { readonly shape: readonly number[] } | undefined
}

/** The builder of one layer. */
export type LayerBuilder = Builder & { readonly layer: number }

/** An operation without its output. */
type OpWithoutOutput<O = Op> = O extends Op ? Omit<O, 'out'> : never

/** State shared by all builders of one program. */
interface Recording {
  readonly config: Config
  readonly names: TensorNames
  readonly tensors: Map<string, TensorSpec>
  readonly memories: MemorySpec[]
  readonly ropes: Map<string, { readonly index: number; readonly spec: RopeSpec }>
  readonly ops: Op[]
  readonly values: Set<Value>
  logits: Logits | undefined
}

/** A guard against endless loops: every operation costs scratch memory and a step per batch. */
const MAX_OPERATIONS = 2 ** 16

/**
 * Records a family's computation graph. Tensors are named without `blk.<layer>.` and `.weight`; a linear layer has a bias
 * if the file has one. Every value is f32[rows][width], one row per token.
 *
 * Throws `INVALID_ARGUMENT`, naming family, layer and operation, if widths do not match, a tensor is requested with two
 * shapes, or an operation follows the logits: mistakes of the family, not of the file.
 */
export class Builder {
  readonly #recording: Recording
  /** The layer being built; `undefined` outside of layers. */
  readonly layer: number | undefined

  private constructor(recording: Recording, layer?: number) {
    this.#recording = recording
    this.layer = layer
  }

  /** The program that `build` records. */
  static record(config: Config, names: TensorNames, build: (b: Builder) => void): Program {
    const recording: Recording = {
      config,
      names,
      tensors: new Map(),
      memories: [],
      ropes: new Map(),
      ops: [],
      values: new Set(),
      logits: undefined,
    }
    const builder = new Builder(recording)
    build(builder)
    const { tensors, memories, ropes, ops, logits } = recording
    if (!logits) throw builder.#error('build', 'the program has no logits')
    const { vocabSize, embeddingLength } = config
    const specs = Array.from(ropes.values(), ({ spec }) => spec)
    return { tensors, memories, ropes: specs, ops, logits, vocabSize, embeddingLength }
  }

  /** A builder for each layer, in order. */
  *layers(): Generator<LayerBuilder, void> {
    for (let layer = 0; layer < this.#recording.config.layers; layer++) {
      yield new Builder(this.#recording, layer) as LayerBuilder
    }
  }

  /** Whether the file has an optional tensor. `name` is the full name without the layer prefix. */
  has(name: string): boolean {
    return this.#recording.names.has(this.#fullName(this.#text('has', name)))
  }

  /** Token embeddings: each token's row of `name`, [embeddingLength, vocabSize]. */
  embed(name: string): Value {
    const { embeddingLength, vocabSize } = this.#recording.config
    const matrix = this.#matrix(`embed ${describeValue(name)}`, name, embeddingLength, vocabSize)
    return this.#push({ kind: 'embed', matrix }, embeddingLength)
  }

  /** Root-mean-square norm with the weights `name`, [width]. Source: Zhang and Sennrich 2019. */
  rmsNorm(x: Value, name: string): Value {
    const where = `rmsNorm ${describeValue(name)}`
    this.#check(where, x)
    const weight = this.#vector(where, `${this.#text(where, name)}.weight`, x.width)
    const whole = { ...x, heads: 1 }
    return this.#push({ kind: 'rmsNorm', x: whole, weight, epsilon: this.#epsilon }, x.width)
  }

  /** RMS norm over each head; all heads share the weights `name`, [headDim]. Source: Henry et al. 2020 (query-key norm). */
  headNorm(x: Value, name: string): Value {
    const where = `headNorm ${describeValue(name)}`
    this.#check(where, x)
    const weight = this.#vector(where, `${this.#text(where, name)}.weight`, x.width / x.heads)
    return this.#push({ kind: 'rmsNorm', x, weight, epsilon: this.#epsilon }, x.width, x.heads)
  }

  /**
   * A linear layer with `rows` outputs in `heads` (default 1) parts of equal width: matrix `name`, [width, rows], and, if
   * the file has it, bias `name.bias`, [rows].
   */
  linear(x: Value, name: string, rows: number, options: { heads?: number } = {}): Value {
    const where = `linear ${describeValue(name)}`
    this.#check(where, x)
    const { heads = 1 } = this.#object(where, options)
    const matrix = this.#matrix(where, name, x.width, rows)
    const bias = this.#bias(where, name, 0, rows, rows)
    return this.#push({ kind: 'linear', x, matrix, bias }, rows, heads)
  }

  /** Several linear layers of one input. A file may store them as one matrix `fused` with their rows concatenated. */
  linears(
    x: Value,
    fused: string,
    parts: readonly { name: string; rows: number; heads?: number }[],
  ): Value[] {
    const where = `linear ${describeValue(fused)}`
    this.#check(where, x)
    if (!isArray(parts)) throw this.#error(where, `its parts must be an array, not ${describeValue(parts)}`)
    for (const part of parts) this.#object(where, part)
    const all = parts.reduce((sum, { rows }) => sum + rows, 0)
    const isFused = this.has(`${this.#text(where, fused)}.weight`)
    let first = 0
    return parts.map(({ name, rows, heads = 1 }) => {
      const whole = isFused && this.#matrix(where, fused, x.width, all)
      const matrix: MatrixSlice = whole
        ? { ...whole, firstRow: first, rows }
        : this.#matrix(`linear ${describeValue(name)}`, name, x.width, rows)
      const bias = this.has(`${fused}.bias`)
        ? this.#bias(where, fused, first, rows, all)
        : this.#bias(where, name, 0, rows, rows)
      first += rows
      return this.#push({ kind: 'linear', x, matrix, bias }, rows, heads)
    })
  }

  /** Queries, keys and values, split into heads: `attn_q`, `attn_k` and `attn_v`, or fused as `attn_qkv`. */
  qkv(x: Value): { q: Value; k: Value; v: Value } {
    const { heads, kvHeads, headDim } = this.#recording.config
    const [q, k, v] = this.linears(x, 'attn_qkv', [
      { name: 'attn_q', rows: heads * headDim, heads },
      { name: 'attn_k', rows: kvHeads * headDim, heads: kvHeads },
      { name: 'attn_v', rows: kvHeads * headDim, heads: kvHeads },
    ])
    return { q, k, v }
  }

  /**
   * Rotary position embedding of each head. Source: Su et al. 2021. `options` override the configuration, such as `theta`
   * and `scaling` of sliding-window layers.
   */
  rope(x: Value, options: Partial<RopeSpec> = {}): Value {
    this.#check('rope', x)
    const { ropeType, ropeDim, ropeTheta, ropeScaling } = this.#recording.config
    const factors = this.#recording.names.has(ROPE_FACTORS) ? ROPE_FACTORS : undefined
    const own = { type: ropeType, dims: ropeDim, theta: ropeTheta, scaling: ropeScaling, factors }
    const spec: RopeSpec = { ...own, ...this.#object('rope', options) }
    const mistake = ropeMistake(spec, x.width / x.heads)
    if (mistake) throw this.#error('rope', mistake)
    if (spec.factors !== undefined) this.#require('rope', spec.factors, 'vector', [spec.dims / 2])
    const { ropes } = this.#recording
    const text = JSON.stringify(spec)
    const known = ropes.get(text) ?? { index: ropes.size, spec }
    ropes.set(text, known)
    return this.#push({ kind: 'rope', x, rope: known.index }, x.width, x.heads)
  }

  /**
   * Causal grouped-query attention over the layer's KV cache. Source: Vaswani et al. 2017, Ainslie et al. 2023.
   * `window`: how many positions a token attends to, its own included; default all. `scale`: default the configuration's.
   */
  attention(
    q: Value,
    k: Value,
    v: Value,
    options: { window?: number | undefined; scale?: number } = {},
  ): Value {
    for (const x of [q, k, v]) this.#check('attention', x)
    const { window, scale = this.#recording.config.attentionScale } = this.#object('attention', options)
    const [headDim, keyDim, valueDim] = [q, k, v].map(({ width, heads }) => width / heads)
    if (headDim !== keyDim || q.heads % k.heads !== 0 || k.heads !== v.heads) {
      throw this.#error(
        'attention',
        `${q.heads} query heads of ${headDim} cannot share ${k.heads} key heads of ${keyDim} and ${v.heads} value heads of ${valueDim}`,
      )
    }
    if (keyDim % 4 !== 0 || valueDim !== keyDim) {
      throw this.#error(
        'attention',
        `heads of ${keyDim} key and ${valueDim} value dimensions; both must be the same multiple of 4`,
      )
    }
    if (window !== undefined && !(Number.isInteger(window) && window >= 1)) {
      throw this.#error('attention', `the window must be a whole number from 1, not ${describeValue(window)}`)
    }
    if (!isF32(scale))
      throw this.#error('attention', `the scale must be a finite f32, not ${describeValue(scale)}`)
    const spec: MemorySpec = { kind: 'kv', kvHeads: k.heads, keyDim, valueDim, window }
    const memory = this.#recording.memories.push(spec) - 1
    return this.#push({ kind: 'attention', q, k, v, memory, scale }, q.heads * valueDim, q.heads)
  }

  /** down(silu(gate(x)) · up(x)). Source: Shazeer 2020. */
  swiglu(x: Value): Value {
    return this.#gatedFeedForward(x, 'silu')
  }

  /** down(gelu(gate(x)) · up(x)). Source: Shazeer 2020. */
  geglu(x: Value): Value {
    return this.#gatedFeedForward(x, 'gelu')
  }

  silu(x: Value): Value {
    this.#check('silu', x)
    return this.#push({ kind: 'activation', function: 'silu', x }, x.width, x.heads)
  }

  gelu(x: Value): Value {
    this.#check('gelu', x)
    return this.#push({ kind: 'activation', function: 'gelu', x }, x.width, x.heads)
  }

  add(a: Value, b: Value): Value {
    return this.#pair('add', a, b)
  }

  multiply(a: Value, b: Value): Value {
    return this.#pair('multiply', a, b)
  }

  scale(x: Value, by: number): Value {
    this.#check('scale', x)
    if (!isF32(by)) throw this.#error('scale', `the factor must be a finite f32, not ${describeValue(by)}`)
    return this.#push({ kind: 'scale', x, by }, x.width, x.heads)
  }

  /**
   * Ends the program with the output projection: the matrix `output` or, if the file has none, the tied embedding `tied`.
   * `softcap`: logits become cap · tanh(logits / cap); 0 or `undefined`: no cap.
   */
  logits(x: Value, options: { softcap?: number; tied?: string } = {}): void {
    const { config } = this.#recording
    this.#check('logits', x)
    const { softcap, tied = 'token_embd' } = this.#object('logits', options)
    if (x.width !== config.embeddingLength) {
      throw this.#error(
        'logits',
        `hidden states have ${x.width} values; ${config.embeddingLength} are needed`,
      )
    }
    if (softcap !== undefined && !(isF32(softcap) && softcap >= 0)) {
      throw this.#error('logits', `the soft cap must be 0 or more, not ${describeValue(softcap)}`)
    }
    const name = this.has('output.weight') ? 'output' : tied
    const matrix = this.#matrix('logits', name, x.width, config.vocabSize)
    const bias = name === 'output' ? this.#bias('logits', name, 0, matrix.rows, matrix.rows) : undefined
    this.#recording.logits = { x, matrix, bias, softcap: softcap || undefined }
  }

  #gatedFeedForward(x: Value, activation: ActivationFunction): Value {
    const { feedForwardLength: rows } = this.#recording.config
    // A fused matrix is stored as `ffn_up`, gate first. One with rows for only one of the two lacks its gate.
    const upName = this.#fullName('ffn_up.weight')
    const upRows = this.#recording.names.get?.(upName)?.shape[1]
    const isFused = !this.has('ffn_gate.weight') && this.has('ffn_up.weight') && upRows !== rows
    const [gate, up] = isFused
      ? this.linears(x, 'ffn_up', [
          { name: 'ffn_gate', rows },
          { name: 'ffn_up', rows },
        ])
      : [this.linear(x, 'ffn_gate', rows), this.linear(x, 'ffn_up', rows)]
    const activated = activation === 'silu' ? this.silu(gate) : this.gelu(gate)
    return this.linear(this.multiply(activated, up), 'ffn_down', x.width)
  }

  #pair(kind: 'add' | 'multiply', a: Value, b: Value): Value {
    this.#check(kind, a)
    this.#check(kind, b)
    if (a.width !== b.width)
      throw this.#error(kind, `operands of different widths (${a.width} and ${b.width})`)
    return this.#push({ kind, a, b }, a.width, a.heads)
  }

  get #epsilon(): number {
    return this.#recording.config.rmsEpsilon
  }

  #push(op: OpWithoutOutput, width: number, heads = 1): Value {
    const { ops, values } = this.#recording
    if (ops.length === MAX_OPERATIONS) throw this.#error(op.kind, `more than ${MAX_OPERATIONS} operations`)
    if (!(Number.isInteger(heads) && heads >= 1 && width % heads === 0)) {
      throw this.#error(op.kind, `${width} values cannot be split into ${describeValue(heads)} heads`)
    }
    const out: Value = Object.freeze({ id: values.size, width, heads })
    values.add(out)
    ops.push({ ...op, out } as Op)
    return out
  }

  #matrix(where: string, name: string, columns: number, rows: number): MatrixSlice {
    const tensor = this.#require(where, this.#fullName(`${this.#text(where, name)}.weight`), 'matrix', [
      columns,
      rows,
    ])
    return { tensor, firstRow: 0, rows, columns }
  }

  #vector(where: string, name: string, length: number): VectorSlice {
    const tensor = this.#require(where, this.#fullName(name), 'vector', [length])
    return { tensor, first: 0, length }
  }

  /** `length` of the bias's `all` values; `undefined` if the file has no bias. */
  #bias(where: string, name: string, first: number, length: number, all: number): VectorSlice | undefined {
    if (!this.has(`${name}.bias`)) return undefined
    return { ...this.#vector(where, `${name}.bias`, all), first, length }
  }

  /** Adds a tensor, with its shape, to those that the program needs. */
  #require(where: string, name: string, kind: TensorSpec['kind'], shape: readonly number[]): string {
    this.#assertOpen(where)
    if (shape.some((size) => !(Number.isInteger(size) && size >= 1))) {
      throw this.#error(where, `a tensor cannot have the shape [${shape}]`)
    }
    const { tensors } = this.#recording
    const known = tensors.get(name)
    if (!known) tensors.set(name, { name, kind, shape })
    else if (known.kind !== kind || known.shape.join() !== shape.join()) {
      throw this.#error(
        where,
        `tensor ${describeValue(name)} is requested as a ${kind} [${shape}], but was requested before as a ${known.kind} [${known.shape}]`,
      )
    }
    return name
  }

  #check(where: string, x: Value): void {
    this.#assertOpen(where)
    if (this.#recording.values.has(x)) return
    throw this.#error(where, `${describeValue(x)} is not a value of this program`)
  }

  #assertOpen(where: string): void {
    if (this.#recording.logits) throw this.#error(where, 'nothing may follow the logits')
  }

  #object<T extends object>(where: string, value: T): T {
    if (typeof value === 'object' && value !== null) return value
    throw this.#error(where, `an object is needed, not ${describeValue(value)}`)
  }

  #text(where: string, name: string): string {
    if (typeof name === 'string') return name
    throw this.#error(where, `a tensor's name must be a string, not ${describeValue(name)}`)
  }

  #fullName(name: string): string {
    return this.layer === undefined ? name : `blk.${this.layer}.${name}`
  }

  #error(where: string, what: string): DasllamaError {
    const layer = this.layer === undefined ? '' : `, layer ${this.layer}`
    const { architecture } = this.#recording.config
    return familyError(architecture, `${layer}, ${where}: ${what}`)
  }
}

/** Whether a number, rounded to f32, is finite and does not underflow to 0. */
function isF32(value: number): boolean {
  if (typeof value !== 'number') return false
  const single = Math.fround(value)
  return Number.isFinite(single) && (single !== 0 || value === 0)
}

const ROPE_FACTORS = 'rope_freqs.weight'
