/**
 * The whole llama forward pass in f64, a scalar at a time, as obvious and as slow as can be: what the engine's logits
 * are held against. It shares the file reader with the engine, and nothing else.
 * Sources: Touvron et al. 2023 (llama); Su et al. 2021 (rotary positions); Chen et al. 2023 (linear scaling); Llama
 * 3.1's configuration (llama3 scaling, frequency factors); Peng et al. 2023 and ggml's `rope_yarn` (YaRN).
 */
import { f16ToF32, f32ToF16 } from '../../src/gguf/half.js'
import type { Metadata } from '../../src/gguf/metadata.js'
import type { ModelFile } from '../../src/gguf/model-file.js'
import { REFERENCE_FORMATS } from '../kernels/reference/blocks.js'
import { tensorBytes } from '../support/model-files.js'

type Vector = Float64Array
/** Rows. */
type Matrix = Vector[]

interface Linear {
  readonly weight: Matrix
  readonly bias: Vector | undefined
}

interface Layer {
  readonly attentionNorm: Vector
  readonly query: Linear
  readonly key: Linear
  readonly value: Linear
  readonly output: Linear
  readonly feedForwardNorm: Vector
  readonly gate: Linear
  readonly up: Linear
  readonly down: Linear
}

/** What keys and values are rounded to when they are cached. */
export type Rounding = 'f16' | 'f32' | 'f64'

const ROUND: Record<Rounding, (value: number) => number> = {
  f16: (value) => f16ToF32(f32ToF16(value)),
  f32: Math.fround,
  f64: (value) => value,
}

export class ReferenceModel {
  readonly metadata: Metadata
  readonly embedding: Matrix
  readonly layers: readonly Layer[]
  readonly outputNorm: Vector
  readonly output: Matrix
  readonly ropeFactors: Vector | undefined

  private constructor(metadata: Metadata, tensors: ReadonlyMap<string, Matrix>) {
    const matrix = (name: string): Matrix => {
      const found = tensors.get(name)
      if (!found) throw new Error(`the reference misses ${name}`)
      return found
    }
    const vector = (name: string): Vector => matrix(name)[0]
    const linear = (name: string): Linear => ({
      weight: matrix(`${name}.weight`),
      bias: tensors.get(`${name}.bias`)?.[0],
    })
    this.metadata = metadata
    this.embedding = matrix('token_embd.weight')
    this.layers = Array.from({ length: metadata.number('llama.block_count') }, (_, index) => {
      const block = `blk.${index}`
      return {
        attentionNorm: vector(`${block}.attn_norm.weight`),
        query: linear(`${block}.attn_q`),
        key: linear(`${block}.attn_k`),
        value: linear(`${block}.attn_v`),
        output: linear(`${block}.attn_output`),
        feedForwardNorm: vector(`${block}.ffn_norm.weight`),
        gate: linear(`${block}.ffn_gate`),
        up: linear(`${block}.ffn_up`),
        down: linear(`${block}.ffn_down`),
      }
    })
    this.outputNorm = vector('output_norm.weight')
    this.output = tensors.get('output.weight') ?? this.embedding
    this.ropeFactors = tensors.get('rope_freqs.weight')?.[0]
  }

  /** Reads and dequantises every tensor. */
  static async read(file: ModelFile): Promise<ReferenceModel> {
    const tensors = new Map<string, Matrix>()
    for (const [name, tensor] of file.tensors) {
      const format = REFERENCE_FORMATS.find((each) => each.name === tensor.format.name)
      if (!format) throw new Error(`the reference knows no ${tensor.format.name}`)
      const blocks = new DataView((await tensorBytes(file, name)).buffer)
      const values = new Float64Array(tensor.elements)
      let element = 0
      for (let at = 0; at < blocks.byteLength; at += tensor.format.blockBytes) {
        for (const { product, offset } of format.block(blocks, at, ROUND.f64)) {
          values[element++] = product + offset
        }
      }
      const [columns, rows = 1] = tensor.shape
      tensors.set(
        name,
        Array.from({ length: rows }, (_, row) => values.subarray(row * columns, (row + 1) * columns)),
      )
    }
    return new ReferenceModel(file.metadata, tensors)
  }
}

/** One sequence of tokens on a reference model. */
export class ReferenceSequence {
  readonly #model: ReferenceModel
  readonly #round: (value: number) => number
  /** [layer][position], each as wide as all key/value heads together. */
  readonly #keys: Vector[][]
  readonly #values: Vector[][]
  #hidden: Vector = new Float64Array()

  constructor(model: ReferenceModel, cache: Rounding) {
    this.#model = model
    this.#round = ROUND[cache]
    this.#keys = model.layers.map(() => [])
    this.#values = model.layers.map(() => [])
  }

  /** Appends one token. */
  push(id: number): void {
    const { metadata, layers, embedding, ropeFactors } = this.#model
    const epsilon = metadata.number('llama.attention.layer_norm_rms_epsilon')
    const heads = metadata.number('llama.attention.head_count')
    const headDim = metadata.number('llama.attention.key_length', embedding[0].length / heads)
    const kvHeads = layers[0].key.weight.length / headDim
    const scale = metadata.number('llama.attention.scale', 1 / Math.sqrt(headDim))
    const position = this.#keys[0].length
    const angles = ropeAngles(metadata, headDim, position, ropeFactors)

    let hidden = embedding[id]
    layers.forEach((layer, index) => {
      const keys = this.#keys[index]
      const values = this.#values[index]
      const x = norm(hidden, layer.attentionNorm, epsilon)
      const query = rope(apply(layer.query, x), headDim, angles)
      keys.push(rope(apply(layer.key, x), headDim, angles).map(this.#round))
      values.push(apply(layer.value, x).map(this.#round))
      const attended = new Float64Array(heads * headDim)
      for (let head = 0; head < heads; head++) {
        const from = Math.floor((head * kvHeads) / heads) * headDim
        const own = query.subarray(head * headDim, (head + 1) * headDim)
        const weights = softmax(keys.map((key) => scale * dot(own, key.subarray(from, from + headDim))))
        values.forEach((value, at) => {
          for (let i = 0; i < headDim; i++) attended[head * headDim + i] += weights[at] * value[from + i]
        })
      }
      hidden = add(hidden, apply(layer.output, attended))

      const y = norm(hidden, layer.feedForwardNorm, epsilon)
      const gate = apply(layer.gate, y)
      const up = apply(layer.up, y)
      const gated = gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i])
      hidden = add(hidden, apply(layer.down, gated))
    })
    this.#hidden = hidden
  }

  /** The hidden state of the last token after the output norm, f64[embedding length]. */
  hiddenState(): Vector {
    const { metadata, outputNorm } = this.#model
    return norm(this.#hidden, outputNorm, metadata.number('llama.attention.layer_norm_rms_epsilon'))
  }

  /** The logits after the last token, f64[vocabulary]. */
  logits(): Vector {
    return apply({ weight: this.#model.output, bias: undefined }, this.hiddenState())
  }
}

function dot(a: Vector, b: Vector): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

function add(a: Vector, b: Vector): Vector {
  return a.map((value, i) => value + b[i])
}

function apply({ weight, bias }: Linear, x: Vector): Vector {
  return new Float64Array(weight.map((row, i) => dot(row, x) + (bias?.[i] ?? 0)))
}

function norm(x: Vector, weight: Vector, epsilon: number): Vector {
  const size = Math.sqrt(dot(x, x) / x.length + epsilon)
  return x.map((value, i) => (value / size) * weight[i])
}

function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores)
  const weights = scores.map((score) => Math.exp(score - largest))
  const sum = weights.reduce((a, b) => a + b)
  return weights.map((weight) => weight / sum)
}

interface Turn {
  readonly radians: number
  /** What cosine and sine are multiplied with. */
  readonly magnitude: number
}

/** Turns the neighbours 2 p and 2 p + 1 of each head by angle p; what has no angle stays. */
function rope(x: Vector, headDim: number, turns: readonly Turn[]): Vector {
  const turned = x.slice()
  for (let head = 0; head < x.length; head += headDim) {
    turns.forEach(({ radians, magnitude }, pair) => {
      const at = head + 2 * pair
      const cosine = Math.cos(radians) * magnitude
      const sine = Math.sin(radians) * magnitude
      turned[at] = x[at] * cosine - x[at + 1] * sine
      turned[at + 1] = x[at] * sine + x[at + 1] * cosine
    })
  }
  return turned
}

function ropeAngles(
  metadata: Metadata,
  headDim: number,
  position: number,
  factors: Vector | undefined,
): Turn[] {
  const setting = (key: string, fallback: number) => metadata.number(`llama.rope.${key}`, fallback)
  const dimensions = setting('dimension_count', headDim)
  const base = setting('freq_base', 10_000)
  const type = metadata.string('llama.rope.scaling.type', 'none')
  const factor = setting('scaling.factor', 1)
  const context = setting('scaling.original_context_length', metadata.number('llama.context_length'))
  const clamp = (value: number) => Math.min(1, Math.max(0, value))

  return Array.from({ length: dimensions / 2 }, (_, pair) => {
    const full = (position * base ** ((-2 * pair) / dimensions)) / (factors?.[pair] ?? 1)
    const stretched = full / factor
    if (type === 'none') return { radians: full, magnitude: 1 }
    if (type === 'linear') return { radians: stretched, magnitude: 1 }
    if (type === 'llama3') {
      const low = setting('scaling.low_freq_factor', 1)
      const high = setting('scaling.high_freq_factor', 4)
      const turns = (context * base ** ((-2 * pair) / dimensions)) / (2 * Math.PI)
      const kept = clamp((turns - low) / (high - low))
      return { radians: kept * full + (1 - kept) * stretched, magnitude: 1 }
    }
    if (type === 'yarn') {
      /** The pair, not always a whole one, that makes so many turns within the original context. */
      const pairOf = (turns: number) =>
        (dimensions / 2) * (Math.log(context / (2 * Math.PI * turns)) / Math.log(base))
      const first = Math.max(0, Math.floor(pairOf(setting('scaling.yarn_beta_fast', 32))))
      const last = Math.min(dimensions - 1, Math.ceil(pairOf(setting('scaling.yarn_beta_slow', 1))))
      const kept = 1 - clamp((pair - first) / Math.max(0.001, last - first))
      const magnitude = setting('scaling.attn_factor', 1) * (1 + 0.1 * Math.log(factor))
      return { radians: kept * full + (1 - kept) * stretched, magnitude }
    }
    throw new Error(`the reference knows no rope scaling ${type}`)
  })
}
