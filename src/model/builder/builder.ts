import type { MemorySpec } from '../../backend/memory.js'
import type {
  ActivationFunction,
  DraftHead,
  ExpertFunction,
  ExpertMatrix,
  PositionBias,
  Program,
  Routing,
  Value,
} from '../../backend/program.js'
import { describeValue } from '../../describe.js'
import type { Config } from '../config.js'
import { isF32, newRecording, programOf, type Recording, type TensorNames } from './recorder.js'
import { StreamOperations } from './streams.js'

export type { TensorNames } from './recorder.js'

/** The builder of one layer. */
export type LayerBuilder = Builder & {
  /** The layer's number, from 0. */
  readonly layer: number
}

/** Shapes of a layer's attention. Default: the configuration's. */
export interface HeadShapes {
  readonly heads?: number
  readonly kvHeads?: number
  /** Of queries, keys and values. */
  readonly headDim?: number
}

/** What attention may do to its scores besides scaling them. */
interface ScoreAdjustments {
  /** Scaled scores become cap · tanh(score / cap); 0 or `undefined`: no cap. */
  readonly softcap?: number
  /** Name of a vector, [heads], of scores without values (Xiao et al. 2023, gpt-oss). */
  readonly sinks?: string
}

/** Options of both kinds of attention. */
interface AttentionOptions {
  /**
   * Causal: how many positions a token attends to, its own included. In both directions: twice the distance to which it
   * does. Default: all.
   */
  readonly window?: number | undefined
  /** Default: the configuration's. */
  readonly scale?: number
  readonly bias?: PositionBias | undefined
}

/** A mixture of experts: its tensors' names and its router. */
export interface MixtureOptions {
  readonly experts: number
  /** Width of an expert. */
  readonly rows: number
  readonly function: ExpertFunction
  readonly routing: Omit<Routing, 'selectionBias'>
}

/**
 * Records a family's computation graph. Tensors are named without `blk.<layer>.` and `.weight`; a linear layer has a bias
 * if the file has one. Every value is f32[rows][width], one row per token.
 *
 * Throws `INVALID_ARGUMENT`, naming family, layer and operation, if widths do not match, a tensor is requested with two
 * shapes, or an operation follows the logits: mistakes of the family, not of the file.
 */
export class Builder extends StreamOperations {
  /** The program that `build` records. */
  static record(config: Config, names: TensorNames, build: (b: Builder) => void): Program {
    const recording: Recording = newRecording(config, names)
    const builder = new Builder(recording)
    build(builder)
    const program = programOf(recording)
    if (program) return program
    throw builder.error('build', 'the program has no logits')
  }

  /** The draft head that `build` records, with the value of the hidden states. */
  static recordDraftHead(
    config: Config,
    names: TensorNames,
    build: (b: Builder, state: Value) => void,
  ): DraftHead {
    let state: Value | undefined
    const program = Builder.record(config, names, (b) => {
      state = b.given(config.embeddingLength)
      build(b, state)
    })
    return { ...program, state: state! }
  }

  /** The layer after the last one, which has the draft head. */
  draftLayer(): LayerBuilder {
    return new Builder(this.recording, this.config.layers) as LayerBuilder
  }

  /** A builder for each layer, in order. `prefix`: of the layers' tensors, as in `enc.blk.0.attn_q.weight`. */
  *layers(prefix = ''): Generator<LayerBuilder, void> {
    const { ops, layerStarts } = this.recording
    layerStarts.length = 0
    for (let layer = 0; layer < this.config.layers; layer++) {
      layerStarts.push(ops.length)
      yield new Builder(this.recording, layer, prefix) as LayerBuilder
    }
    layerStarts.push(ops.length)
  }

  /**
   * Queries, keys and values, split into heads: `attn_q`, `attn_k` and `attn_v`, or fused as `attn_qkv`. `tied`: a file without
   * `attn_v` uses the keys as values.
   */
  qkv(x: Value, options: HeadShapes & { tied?: boolean } = {}): { q: Value; k: Value; v: Value } {
    const { heads, kvHeads, headDim, valueDim } = this.#headShapes(options)
    const isTied =
      options.tied === true && !['attn_v.weight', 'attn_qkv.weight'].some((name) => this.has(name))
    const [q, k, v] = this.linears(x, 'attn_qkv', [
      { name: 'attn_q', rows: heads * headDim, heads },
      { name: 'attn_k', rows: kvHeads * headDim, heads: kvHeads },
      ...(isTied ? [] : [{ name: 'attn_v', rows: kvHeads * valueDim, heads: kvHeads }]),
    ])
    return { q, k, v: v ?? k }
  }

  /** Queries alone, for `sharedAttention`: `attn_q`, or the first rows of `attn_qkv`. */
  queries(x: Value, options: HeadShapes = {}): Value {
    const { heads, kvHeads, headDim, valueDim } = this.#headShapes(options)
    const rows = heads * headDim
    if (!this.has('attn_qkv.weight')) return this.linear(x, 'attn_q', rows, { heads })
    const all = rows + kvHeads * (headDim + valueDim)
    const whole = this.matrix('queries', 'attn_qkv', x.width, all)
    const bias = this.bias('queries', 'attn_qkv', 0, rows, all)
    const scale = this.optionalVector('queries', 'attn_qkv.scale', 1)
    return this.push({ kind: 'linear', x, matrix: { ...whole, rows }, bias, scale }, rows, heads)
  }

  /** Causal grouped-query attention over the layer's KV cache. Source: Vaswani et al. 2017, Ainslie et al. 2023. */
  attention(q: Value, k: Value, v: Value, options: AttentionOptions & ScoreAdjustments = {}): Value {
    const { window, scale, bias, ...adjustments } = this.#attentionOptions('attention', q, k, v, options)
    const [keyDim, valueDim] = [k.width / k.heads, v.width / v.heads]
    const { softcap, sinks } = this.#adjustments(q, adjustments)
    const spec: MemorySpec = { kind: 'kv', kvHeads: k.heads, keyDim, valueDim, window }
    const memory = this.recording.memories.push(spec) - 1
    return this.push(
      { kind: 'attention', q, k, v, memory, scale, softcap, sinks, bias },
      q.heads * valueDim,
      q.heads,
    )
  }

  /**
   * Attention over the KV cache of an earlier layer, whose result was `source`, with its window. Source: Brandon et al. 2024
   * (cross-layer attention).
   */
  sharedAttention(q: Value, source: Value, options: { scale?: number } & ScoreAdjustments = {}): Value {
    const where = 'sharedAttention'
    this.check(where, q, source)
    const { ops, memories } = this.recording
    const owner = ops.find((op) => op.out.id === source.id)
    const spec = owner?.kind === 'attention' ? memories[owner.memory] : undefined
    if (owner?.kind !== 'attention' || spec?.kind !== 'kv') {
      throw this.error(where, `${describeValue(source)} is not a result of attention`)
    }
    const { scale = this.config.attentionScale, ...adjustments } = this.object(where, options)
    this.checkReal(where, 'the scale', scale)
    const headDim = q.width / q.heads
    const { kvHeads, keyDim, valueDim } = spec
    if (headDim !== keyDim || q.heads % kvHeads !== 0) {
      throw this.error(
        where,
        `${q.heads} query heads of ${headDim} cannot share ${kvHeads} key heads of ${keyDim}`,
      )
    }
    const { memory, bias } = owner
    const { softcap, sinks } = this.#adjustments(q, adjustments)
    return this.push(
      { kind: 'attention', q, k: undefined, v: undefined, memory, scale, softcap, sinks, bias },
      q.heads * valueDim,
      q.heads,
    )
  }

  /** Attention in both directions, for encoders. Source: Devlin et al. 2019. */
  encoderAttention(q: Value, k: Value, v: Value, options: AttentionOptions = {}): Value {
    const { window, scale, bias } = this.#attentionOptions('encoderAttention', q, k, v, options)
    const valueDim = v.width / v.heads
    return this.push({ kind: 'encoderAttention', q, k, v, scale, window, bias }, q.heads * valueDim, q.heads)
  }

  /** Attention by the configuration: in both directions if the model is an encoder, else causal. */
  selfAttention(q: Value, k: Value, v: Value): Value {
    return this.config.encoder ? this.encoderAttention(q, k, v) : this.attention(q, k, v)
  }

  /** T5's bias of distances: `name`, f32[heads, buckets]. Source: Raffel et al. 2020. */
  relativeBias(name: string, buckets: number): PositionBias {
    const where = `relativeBias ${describeValue(name)}`
    const { heads } = this.config
    const tensor = this.require(where, this.fullName(`${this.text(where, name)}.weight`), 'vector', [
      heads,
      buckets,
    ])
    return { kind: 'relative', table: { tensor, first: 0, length: heads * buckets }, buckets }
  }

  /**
   * down(silu(gate(x)) · up(x)). Source: Shazeer 2020. `rows`: default the configuration's feed-forward length. `suffix`: of the
   * tensors' names, as in `ffn_up_shexp`; default none.
   */
  swiglu(x: Value, options: { rows?: number; suffix?: string } = {}): Value {
    return this.#gatedFeedForward(x, 'silu', options)
  }

  /** down(gelu(gate(x)) · up(x)). Source: Shazeer 2020. */
  geglu(x: Value, options: { rows?: number; suffix?: string } = {}): Value {
    return this.#gatedFeedForward(x, 'gelu', options)
  }

  /** down(function(up(x))), without a gate. Options as for `swiglu`. */
  mlp(x: Value, name: ActivationFunction, options: { rows?: number; suffix?: string } = {}): Value {
    const { rows = this.config.feedForwardLength, suffix = '' } = this.object('mlp', options)
    const up = this.linear(x, `ffn_up${suffix}`, rows)
    return this.linear(this.activation(up, name), `ffn_down${suffix}`, x.width)
  }

  /**
   * A mixture of experts: the router `ffn_gate_inp`, [width, experts], chooses, with a selection bias `exp_probs_b.bias` if
   * the file has one; experts are slices of `ffn_gate_exps`, `ffn_up_exps` and `ffn_down_exps`, or of `ffn_gate_up_exps`, gate
   * first. Source: Shazeer et al. 2017. `router`: the router's logits, if they are not `ffn_gate_inp` of x.
   */
  mixture(x: Value, options: MixtureOptions, router?: Value): Value {
    const { experts, rows, function: name, routing } = this.object('mixture', options)
    const selectionBias = this.optionalVector('mixture', 'exp_probs_b.bias', experts)
    const logits = router ?? this.linear(x, 'ffn_gate_inp', experts)
    if (logits.width !== experts) {
      throw this.error('mixture', `the router has ${logits.width} logits for ${experts} experts`)
    }
    const routes = this.route(logits, { ...routing, selectionBias })
    const isGated = name === 'swiglu' || name === 'geglu' || name === 'swigluOai'
    const isFused = isGated && this.has('ffn_gate_up_exps.weight')
    const fused = isFused && this.#expertMatrix('ffn_gate_up_exps', x.width, 2 * rows, experts)
    const gate = !isGated
      ? undefined
      : fused
        ? { ...fused, rows }
        : this.#expertMatrix('ffn_gate_exps', x.width, rows, experts)
    const up = fused
      ? { ...fused, firstRow: rows, rows }
      : this.#expertMatrix('ffn_up_exps', x.width, rows, experts)
    const down = this.#expertMatrix('ffn_down_exps', rows, x.width, experts)
    return this.push({ kind: 'experts', x, routes, gate, up, down, function: name }, x.width)
  }

  /** The experts of each token and their weights; see `Op`. */
  route(logits: Value, routing: Routing): Value {
    this.check('route', logits)
    const { used, groups } = this.object('route', routing)
    const experts = logits.width
    if (!(Number.isInteger(used) && used >= 1 && used <= experts)) {
      throw this.error('route', `${describeValue(used)} of ${experts} experts cannot be used`)
    }
    if (groups) {
      const { count, used: best } = groups
      const isValid = [count, best].every((n) => Number.isInteger(n) && n >= 1)
      if (!isValid || experts % count !== 0 || best > count || used > (experts / count) * best) {
        throw this.error(
          'route',
          `${used} of ${experts} experts cannot come from ${describeValue(best)} of ${describeValue(count)} groups`,
        )
      }
    }
    this.checkReal('route', 'the scale', routing.scale)
    return this.push({ kind: 'route', logits, routing }, 2 * used)
  }

  /**
   * Ends the program with the output projection: `matrix`, default `output` or, if the file has none, the tied embedding `tied`.
   * `scale`: factor of the logits, default 1. `softcap`: logits become cap · tanh(logits / cap); 0 or `undefined`: no cap.
   */
  logits(x: Value, options: { softcap?: number; scale?: number; tied?: string; matrix?: string } = {}): void {
    this.#checkHidden('logits', x)
    const { softcap, scale, tied = 'token_embd' } = this.object('logits', options)
    if (softcap !== undefined) this.#checkSoftcap('logits', softcap)
    if (scale !== undefined) this.checkReal('logits', 'the scale', scale)
    const name = options.matrix ?? (this.has('output.weight') ? 'output' : tied)
    const matrix = this.matrix('logits', name, x.width, this.config.vocabSize)
    const bias = name === 'output' ? this.bias('logits', name, 0, matrix.rows, matrix.rows) : undefined
    const logits = { matrix, bias, scale: scale === 1 ? undefined : scale, softcap: softcap || undefined }
    this.recording.end = { hidden: x, logits }
  }

  /** Ends the program by the configuration: with hidden states only if the model is an encoder, else with logits. */
  output(x: Value): void {
    if (this.config.encoder) this.hidden(x)
    else this.logits(x)
  }

  /** Ends the program of an encoder, which has hidden states only. */
  hidden(x: Value): void {
    this.#checkHidden('hidden', x)
    this.recording.end = { hidden: x, logits: undefined }
  }

  /**
   * Records what follows pooling: `build` is called once, with the pooled hidden state as a value of one row. Before
   * `hidden` or `logits`.
   */
  afterPooling(build: (pooled: Value) => Value): void {
    const { recording } = this
    this.assertOpen('afterPooling')
    if (recording.afterPooling) throw this.error('afterPooling', 'it is called twice')
    const first = recording.ops.length
    const input = this.given(this.config.embeddingLength)
    const output = build(input)
    this.check('afterPooling', output)
    recording.afterPooling = { input, ops: recording.ops.splice(first), output }
  }

  #headShapes(options: HeadShapes): Required<HeadShapes> & { valueDim: number } {
    const { heads, kvHeads, headDim, valueDim } = this.config
    const own = this.object('qkv', options)
    return {
      heads: own.heads ?? heads,
      kvHeads: own.kvHeads ?? kvHeads,
      headDim: own.headDim ?? headDim,
      valueDim: own.headDim ?? valueDim,
    }
  }

  #adjustments(q: Value, { softcap, sinks: name }: ScoreAdjustments) {
    const sinks = name === undefined ? undefined : this.vector('attention', `${name}.weight`, q.heads)
    if (softcap !== undefined) this.#checkSoftcap('attention', softcap)
    return { softcap: softcap || undefined, sinks }
  }

  #checkHidden(where: string, x: Value): void {
    this.check(where, x)
    const { embeddingLength } = this.config
    if (x.width === embeddingLength) return
    throw this.error(where, `hidden states have ${x.width} values; ${embeddingLength} are needed`)
  }

  #checkSoftcap(where: string, softcap: number): void {
    if (isF32(softcap) && softcap >= 0) return
    throw this.error(where, `the soft cap must be 0 or more, not ${describeValue(softcap)}`)
  }

  #attentionOptions<O extends AttentionOptions>(where: string, q: Value, k: Value, v: Value, options: O) {
    this.check(where, q, k, v)
    const { scale = this.config.attentionScale, ...rest } = this.object(where, options)
    const [headDim, keyDim, valueDim] = [q, k, v].map(({ width, heads }) => width / heads)
    if (headDim !== keyDim || q.heads % k.heads !== 0 || k.heads !== v.heads) {
      throw this.error(
        where,
        `${q.heads} query heads of ${headDim} cannot share ${k.heads} key heads of ${keyDim} and ${v.heads} value heads of ${valueDim}`,
      )
    }
    if (keyDim % 4 !== 0 || valueDim % 4 !== 0) {
      throw this.error(
        where,
        `heads of ${keyDim} key and ${valueDim} value dimensions; both must be multiples of 4`,
      )
    }
    this.checkWindow(where, rest.window)
    this.checkReal(where, 'the scale', scale)
    return { ...rest, scale } as O & { scale: number }
  }

  #expertMatrix(name: string, columns: number, rows: number, experts: number): ExpertMatrix {
    const where = `mixture ${describeValue(name)}`
    const tensor = this.require(where, this.fullName(`${name}.weight`), 'matrix', [columns, rows, experts])
    const whole = { tensor, firstRow: 0, rows, columns, experts, rowsPerExpert: rows }
    const biasName = this.fullName(`${name}.bias`)
    const bias = this.recording.names.has(biasName)
      ? { tensor: this.require(where, biasName, 'vector', [rows, experts]), first: 0, length: rows * experts }
      : undefined
    return { ...whole, bias, scale: this.optionalVector(where, `${name}.scale`, experts) }
  }

  /** `suffix`: of the tensors' names, as in `ffn_up_shexp`. */
  #gatedFeedForward(
    x: Value,
    activation: ActivationFunction,
    options: { rows?: number; suffix?: string },
  ): Value {
    const { rows = this.config.feedForwardLength, suffix = '' } = this.object(activation, options)
    const [gateName, upName, downName] = ['ffn_gate', 'ffn_up', 'ffn_down'].map((name) => name + suffix)
    // A fused matrix is stored as `ffn_up`, gate first. One with rows for only one of the two lacks its gate.
    const upRows = this.recording.names.get?.(this.fullName(`${upName}.weight`))?.shape[1]
    const isFused = !this.has(`${gateName}.weight`) && this.has(`${upName}.weight`) && upRows !== rows
    const [gate, up] = isFused
      ? this.linears(x, upName, [
          { name: gateName, rows },
          { name: upName, rows },
        ])
      : [this.linear(x, gateName, rows), this.linear(x, upName, rows)]
    return this.linear(this.multiply(this.activation(gate, activation), up), downName, x.width)
  }
}
