/**
 * A llama of any shape with random weights as an ONNX model, in the two forms in which such models run in
 * browsers: `u8`, weights and activations in 8 bits (DynamicQuantizeLinear and MatMulInteger), and `q4`, weights in 4 bits
 * in blocks of 32 (MatMulNBits). Attention is onnxruntime's GroupQueryAttention with rotary positions; logits are of the
 * last token only. Inputs: `ids`, `last` (index of the last cached position), `total` (their number) and, for each layer,
 * past keys and values; outputs: `logits` and present ones.
 */
import { RandomBits } from '../../../test/support/random-model/random-bits.js'
import type { RandomModelShape } from '../../../test/support/random-model/random-model.js'
import { type Attributes, initializer, MICROSOFT, modelOf, node, type Port } from './onnx.js'
import type { Message } from './protobuf.js'

export type OnnxFormat = 'u8' | 'q4'

const BLOCK = 32
const EPSILON = 1e-5
const ROPE_BASE = 10_000

export function onnxModel(shape: Required<RandomModelShape>, format: OnnxFormat): Message {
  return new Graph(shape, format).build()
}

class Graph {
  readonly #parts: Message[] = []
  readonly #shape: Required<RandomModelShape>
  readonly #format: OnnxFormat
  readonly #random = new RandomBits(1, 'onnx')

  constructor(shape: Required<RandomModelShape>, format: OnnxFormat) {
    this.#shape = shape
    this.#format = format
  }

  build(): Message {
    const { embed, layers, heads, kvHeads, headDim, feedForward, vocab } = this.#shape
    const inputs: Port[] = [
      { name: 'ids', type: 'int64', shape: [1, 'sequence'] },
      { name: 'last', type: 'int32', shape: [1] },
      { name: 'total', type: 'int32', shape: [] },
    ]
    const outputs: Port[] = [{ name: 'logits', type: 'float', shape: [1, vocab] }]
    this.#rotary()
    let x = this.#embedding()
    for (let layer = 0; layer < layers; layer++) {
      const name = (part: string) => `layer.${layer}.${part}`
      const normed = this.#norm(x, name('attention_norm'))
      const [q, k, v] = (['q', 'k', 'v'] as const).map((part) =>
        this.#linear(normed, name(part), embed, (part === 'q' ? heads : kvHeads) * headDim),
      )
      const cached = (when: string, part: string, positions: string): Port => ({
        name: `${when}.${layer}.${part}`,
        type: 'float',
        shape: [1, kvHeads, positions, headDim],
      })
      const past = ['key', 'value'].map((part) => cached('past', part, 'past'))
      const present = ['key', 'value'].map((part) => cached('present', part, 'total'))
      inputs.push(...past)
      outputs.push(...present)
      const attended = name('attended')
      const names = (ports: readonly Port[]) => ports.map(({ name }) => name)
      const attention = { num_heads: { int: heads }, kv_num_heads: { int: kvHeads }, do_rotary: { int: 1 } }
      const arguments_ = [q, k, v, ...names(past), 'last', 'total', 'cos', 'sin']
      const results = [attended, ...names(present)]
      this.#parts.push(node('GroupQueryAttention', arguments_, results, attention, MICROSOFT))
      x = this.#op('Add', [x, this.#linear(attended, name('output'), heads * headDim, embed)])

      const hidden = this.#norm(x, name('feed_forward_norm'))
      const gate = this.#linear(hidden, name('gate'), embed, feedForward)
      const up = this.#linear(hidden, name('up'), embed, feedForward)
      const activated = this.#op('Mul', [gate, this.#op('Sigmoid', [gate])])
      const down = this.#linear(this.#op('Mul', [activated, up]), name('down'), feedForward, embed)
      x = this.#op('Add', [x, down])
    }
    this.#parts.push(initializer('minus one', 'int64', [], BigInt64Array.of(-1n)))
    const last = this.#op('Gather', [this.#norm(x, 'output_norm'), 'minus one'], { axis: { int: 1 } })
    this.#linear(last, 'head', embed, vocab, 'logits')
    return modelOf(this.#parts, inputs, outputs)
  }

  #op(op: string, inputs: readonly string[], attributes?: Attributes): string {
    const output = `${op}.${this.#parts.length}`
    this.#parts.push(node(op, inputs, [output], attributes))
    return output
  }

  #norm(x: string, name: string): string {
    const { embed } = this.#shape
    this.#parts.push(initializer(name, 'float', [embed], new Float32Array(embed).fill(1)))
    return this.#op('SimplifiedLayerNormalization', [x, name], { axis: { int: -1 }, epsilon: EPSILON })
  }

  #scalar(name: string, value: number): string {
    this.#parts.push(initializer(name, 'float', [], Float32Array.of(value)))
    return name
  }

  /** Columns in, rows out. The weights' deviation keeps outputs as large as inputs. */
  #linear(x: string, name: string, columns: number, rows: number, output = `${name}.out`): string {
    return this.#format === 'u8'
      ? this.#linearU8(x, name, columns, rows, output)
      : this.#linearQ4(x, name, columns, rows, output)
  }

  #linearU8(x: string, name: string, columns: number, rows: number, output: string): string {
    const [weights, zero] = [`${name}.weight`, `${name}.zero`]
    this.#parts.push(
      initializer(weights, 'uint8', [columns, rows], this.#bytes(columns * rows)),
      initializer(zero, 'uint8', [], Uint8Array.of(128)),
    )
    const scale = this.#scalar(`${name}.scale`, 1 / (74 * Math.sqrt(columns)))
    const [quantised, xScale, xZero] = ['quantised', 'x_scale', 'x_zero'].map((part) => `${name}.${part}`)
    this.#parts.push(node('DynamicQuantizeLinear', [x], [quantised, xScale, xZero]))
    const sums = this.#op('MatMulInteger', [quantised, weights, xZero, zero])
    const cast = this.#op('Cast', [sums], { to: { int: 1 } })
    this.#parts.push(node('Mul', [cast, this.#op('Mul', [xScale, scale])], [output]))
    return output
  }

  #linearQ4(x: string, name: string, columns: number, rows: number, output: string): string {
    const [weights, scales] = [`${name}.weight`, `${name}.scales`]
    const blocks = columns / BLOCK
    this.#parts.push(
      initializer(weights, 'uint8', [rows, blocks, BLOCK / 2], this.#bytes((columns * rows) / 2)),
      initializer(
        scales,
        'float',
        [rows * blocks],
        new Float32Array(rows * blocks).fill(1 / (4.6 * Math.sqrt(columns))),
      ),
    )
    const attributes = {
      K: { int: columns },
      N: { int: rows },
      bits: { int: 4 },
      block_size: { int: BLOCK },
      // In f32: twice as fast in WebAssembly as 4, 8-bit activations (1.30.0, 2026-11).
      accuracy_level: { int: 0 },
    }
    this.#parts.push(node('MatMulNBits', [x, weights, scales], [output], attributes, MICROSOFT))
    return output
  }

  #embedding(): string {
    const { embed, vocab } = this.#shape
    if (this.#format === 'q4') {
      const values = Float32Array.from(this.#bytes(embed * vocab), (byte) => (byte - 128) / 74)
      this.#parts.push(initializer('embedding', 'float', [vocab, embed], values))
      return this.#op('Gather', ['embedding', 'ids'])
    }
    this.#parts.push(
      initializer('embedding', 'uint8', [vocab, embed], this.#bytes(embed * vocab)),
      initializer('embedding.zero', 'uint8', [], Uint8Array.of(128)),
    )
    const rows = this.#op('Gather', ['embedding', 'ids'])
    return this.#op('DequantizeLinear', [rows, this.#scalar('embedding.scale', 1 / 74), 'embedding.zero'])
  }

  #rotary(): void {
    const { headDim, context } = this.#shape
    const half = headDim / 2
    const angle = (i: number) => Math.floor(i / half) * ROPE_BASE ** (-(i % half) / half)
    for (const name of ['cos', 'sin'] as const) {
      const values = Float32Array.from({ length: context * half }, (_, i) => Math[name](angle(i)))
      this.#parts.push(initializer(name, 'float', [context, half], values))
    }
  }

  #bytes(count: number): Uint8Array {
    const words = Uint32Array.from({ length: Math.ceil(count / 4) }, () => this.#random.next())
    return new Uint8Array(words.buffer, 0, count)
  }
}
