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

/** Which tensors there are: a model file's, or those that a test wants to make. */
export interface TensorNames {
  has(name: string): boolean
  /** Shapes, columns before rows, where they are known. */
  get?(name: string): { readonly shape: readonly number[] } | undefined
}

/** The builder of one layer. */
export type LayerBuilder = Builder & { readonly layer: number }

/** An operation without what it yields. */
type Unfinished<O = Op> = O extends Op ? Omit<O, 'out'> : never

/** What all builders of one program share. */
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

/** More operations are a loop that does not end: each is scratch, and a step of every batch. */
const MOST_OPERATIONS = 2 ** 16

/**
 * Records what a family computes. Tensors are named without `blk.<layer>.` and `.weight`; a linear layer has a bias where
 * the file has one. Every value is f32[rows][width], a row per token.
 *
 * Throws `INVALID_ARGUMENT`, naming family, layer and operation, where widths do not fit or a tensor is asked for in two
 * shapes: that is a mistake of the family, not of the file. So is anything that comes after the logits.
 */
export class Builder {
  readonly #recording: Recording
  /** The layer that it builds; `undefined` outside of layers. */
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
    if (!logits) throw builder.#error('build', 'it ends without logits')
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

  /** Whether the file has a tensor, named in full but for the layer: for optional ones. */
  has(name: string): boolean {
    return this.#recording.names.has(this.#fullName(this.#text('has', name)))
  }

  /** The row of `name`, [embeddingLength, vocabSize], for each token. */
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

  /** The same over each head, all with the same weights, [headDim]. Source: Henry et al. 2020 (query-key norm). */
  headNorm(x: Value, name: string): Value {
    const where = `headNorm ${describeValue(name)}`
    this.#check(where, x)
    const weight = this.#vector(where, `${this.#text(where, name)}.weight`, x.width / x.heads)
    return this.#push({ kind: 'rmsNorm', x, weight, epsilon: this.#epsilon }, x.width, x.heads)
  }

  /**
   * A linear layer to `rows` values, `heads` (default 1) parts of equal width: matrix `name`, [width, rows], and bias
   * `name.bias`, [rows], where there is one.
   */
  linear(x: Value, name: string, rows: number, options: { heads?: number } = {}): Value {
    const where = `linear ${describeValue(name)}`
    this.#check(where, x)
    const { heads = 1 } = this.#object(where, options)
    const matrix = this.#matrix(where, name, x.width, rows)
    const bias = this.#bias(where, name, 0, rows, rows)
    return this.#push({ kind: 'linear', x, matrix, bias }, rows, heads)
  }

  /** Several linear layers of one input, which a file may have as one matrix `fused` whose rows follow each other. */
  linears(
    x: Value,
    fused: string,
    parts: readonly { name: string; rows: number; heads?: number }[],
  ): Value[] {
    const where = `linear ${describeValue(fused)}`
    this.#check(where, x)
    if (!isArray(parts)) throw this.#error(where, `its parts are ${describeValue(parts)}`)
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

  /** Queries, keys and values by head: `attn_q`, `attn_k` and `attn_v`, or `attn_qkv`. */
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
   * Rotary position embedding of each head. Source: Su et al. 2021. `options`: other than the configuration's, such as
   * `theta` and `scaling` of layers with a window.
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
   * Causal attention with grouped queries over the layer's keys and values. Source: Vaswani et al. 2017, Ainslie et al.
   * 2023. `window`: how many positions a row sees, its own included; default all. `scale`: default the configuration's.
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
      throw this.#error('attention', `a window of ${describeValue(window)} positions is not possible`)
    }
    if (!isSingle(scale)) throw this.#error('attention', `the scale is ${describeValue(scale)}`)
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
    if (!isSingle(by)) throw this.#error('scale', `the factor is ${describeValue(by)}`)
    return this.#push({ kind: 'scale', x, by }, x.width, x.heads)
  }

  /**
   * Ends the program: logits by the matrix `output` or, where the file has none, by the embedding `tied`. `softcap`: what
   * they are kept within by cap · tanh(logits / cap); none for 0 or `undefined`.
   */
  logits(x: Value, options: { softcap?: number; tied?: string } = {}): void {
    const { config } = this.#recording
    this.#check('logits', x)
    const { softcap, tied = 'token_embd' } = this.#object('logits', options)
    if (x.width !== config.embeddingLength) {
      throw this.#error('logits', `hidden states of ${x.width} values, not of ${config.embeddingLength}`)
    }
    if (softcap !== undefined && !(isSingle(softcap) && softcap >= 0)) {
      throw this.#error('logits', `the cap is ${describeValue(softcap)}; 0 or more is needed`)
    }
    const name = this.has('output.weight') ? 'output' : tied
    const matrix = this.#matrix('logits', name, x.width, config.vocabSize)
    const bias = name === 'output' ? this.#bias('logits', name, 0, matrix.rows, matrix.rows) : undefined
    this.#recording.logits = { x, matrix, bias, softcap: softcap || undefined }
  }

  #gatedFeedForward(x: Value, activation: ActivationFunction): Value {
    const { feedForwardLength: rows } = this.#recording.config
    // Of a fused matrix, `ffn_up` alone, the gate comes first. One that is too short for both has lost its gate.
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
    if (a.width !== b.width) throw this.#error(kind, `values of widths ${a.width} and ${b.width} do not fit`)
    return this.#push({ kind, a, b }, a.width, a.heads)
  }

  get #epsilon(): number {
    return this.#recording.config.rmsEpsilon
  }

  #push(op: Unfinished, width: number, heads = 1): Value {
    const { ops, values } = this.#recording
    if (ops.length === MOST_OPERATIONS) throw this.#error(op.kind, `more than ${MOST_OPERATIONS} operations`)
    if (!(Number.isInteger(heads) && heads >= 1 && width % heads === 0)) {
      throw this.#error(op.kind, `${width} values cannot be ${describeValue(heads)} heads`)
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

  /** `length` of the bias's `all` values, where there is one. */
  #bias(where: string, name: string, first: number, length: number, all: number): VectorSlice | undefined {
    if (!this.has(`${name}.bias`)) return undefined
    return { ...this.#vector(where, `${name}.bias`, all), first, length }
  }

  /** Notes that a tensor is needed, and in what shape. */
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
        `tensor ${describeValue(name)} is asked for as a ${kind} [${shape}], and was before as a ${known.kind} [${known.shape}]`,
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
    if (this.#recording.logits) throw this.#error(where, 'the program has ended with its logits')
  }

  /** Options or the like. */
  #object<T extends object>(where: string, value: T): T {
    if (typeof value === 'object' && value !== null) return value
    throw this.#error(where, `it needs an object, not ${describeValue(value)}`)
  }

  /** A tensor's name. */
  #text(where: string, name: string): string {
    if (typeof name === 'string') return name
    throw this.#error(where, `a tensor's name must be text, not ${describeValue(name)}`)
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

/** Whether the kernels can hold it: a finite number that is not rounded to infinity, or to nothing. */
function isSingle(value: number): boolean {
  if (typeof value !== 'number') return false
  const single = Math.fround(value)
  return Number.isFinite(single) && (single !== 0 || value === 0)
}

const ROPE_FACTORS = 'rope_freqs.weight'
