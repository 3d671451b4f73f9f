import { describe, expect, it } from 'vitest'
import { onnxModel } from '../../bench/rivals/onnxruntime-web/model.js'
import { DataType, initializer, node } from '../../bench/rivals/onnxruntime-web/onnx.js'
import {
  float,
  int,
  lengthOf,
  type Message,
  nested,
  text,
} from '../../bench/rivals/onnxruntime-web/protobuf.js'

const joined = (message: Message) => Uint8Array.from(message.flatMap((piece) => [...piece]))
const hex = (message: Message) => Buffer.from(joined(message)).toString('hex')

describe('protobuf', () => {
  // The first and third are the examples of protobuf's own page on its encoding.
  it.each([
    { what: 'a number of two bytes', message: int(1, 150), bytes: '089601' },
    { what: 'a negative one', message: int(1, -1), bytes: '08ffffffffffffffffff01' },
    { what: 'a text', message: text(2, 'testing'), bytes: '120774657374696e67' },
    { what: 'a float', message: float(2, 1.5), bytes: '150000c03f' },
    { what: 'a message', message: nested(3, int(1, 150)), bytes: '1a03089601' },
    { what: 'a field above 15', message: int(20, 1), bytes: 'a00101' },
  ])('encodes $what', ({ message, bytes }) => {
    expect(hex(message)).toBe(bytes)
    expect(lengthOf(message)).toBe(bytes.length / 2)
  })
})

describe('ONNX', () => {
  it('has tensors with their shape, type, name and bytes', () => {
    const tensor = initializer('w', 'uint8', [2, 1], Uint8Array.of(7, 8))
    expect(hex(tensor)).toBe(`2a0d${'0802'}${'0801'}${`10${`0${DataType.uint8}`}`}${'420177'}${'4a020708'}`)
  })

  it('has nodes with inputs, outputs and attributes', () => {
    const bytes = joined(node('Gather', ['x', 'y'], ['z'], { axis: { int: 1 } }))
    const printed = new TextDecoder().decode(bytes)
    for (const part of ['Gather', 'x', 'y', 'z', 'axis']) expect(printed).toContain(part)
  })

  const shape = {
    ...{ embed: 64, layers: 2, heads: 2, kvHeads: 1, headDim: 32 },
    ...{ feedForward: 96, vocab: 400, context: 16 },
  }
  /** Weights of all matrices but the embedding. */
  const weights = 2 * (64 * (64 + 32 + 32 + 64) + 3 * 64 * 96) + 64 * 400

  it.each([
    { format: 'u8', op: 'MatMulInteger', bytes: weights + 64 * 400 },
    { format: 'q4', op: 'MatMulNBits', bytes: weights * (0.5 + 4 / 32) + 4 * 64 * 400 },
  ] as const)('has a model of $format weights, the same every time', ({ format, op, bytes }) => {
    const model = onnxModel(shape, format)
    expect(hex(onnxModel(shape, format))).toBe(hex(model))
    const printed = Buffer.from(joined(model)).toString('latin1')
    // Seven matrices per layer and one for the logits. A node's type is preceded by the field 4 and its length.
    expect(printed.split(`\x22${String.fromCharCode(op.length)}${op}`)).toHaveLength(2 * 7 + 2)
    expect(printed).toContain('past.1.value')
    expect(lengthOf(model)).toBeGreaterThan(bytes)
    expect(lengthOf(model)).toBeLessThan(bytes + 20_000)
  })
})
