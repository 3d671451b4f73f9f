/** ONNX models as protobuf messages. Field numbers: onnx/onnx.proto of the ONNX project, IR version 10. */
import { bytes, float, int, type Message, nested, text } from './protobuf.js'

/** TensorProto.DataType. */
export const DataType = { float: 1, uint8: 2, int32: 6, int64: 7 } as const
type TypeName = keyof typeof DataType

/** AttributeProto.AttributeType. */
const AttributeType = { float: 1, int: 2 } as const

/** A number is a float unless it is in `{ int }`. */
export type Attributes = Readonly<Record<string, number | { readonly int: number }>>

export interface Port {
  readonly name: string
  readonly type: TypeName
  /** A name stands for a length that is known at run time. */
  readonly shape: readonly (number | string)[]
}

/** The domain of onnxruntime's own operators. */
export const MICROSOFT = 'com.microsoft'

export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Attributes = {},
  domain = '',
): Message {
  const parts = Object.entries(attributes).map(([name, value]) =>
    typeof value === 'number'
      ? nested(5, text(1, name), float(2, value), int(20, AttributeType.float))
      : nested(5, text(1, name), int(3, value.int), int(20, AttributeType.int)),
  )
  return nested(
    1,
    ...inputs.map((input) => text(1, input)),
    ...outputs.map((output) => text(2, output)),
    text(3, outputs[0]),
    text(4, op),
    ...parts,
    text(7, domain),
  )
}

/** A constant; `data` little-endian. */
export function initializer(
  name: string,
  type: TypeName,
  shape: readonly number[],
  data: ArrayBufferView,
): Message {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return nested(5, ...shape.map((n) => int(1, n)), int(2, DataType[type]), text(8, name), bytes(9, raw))
}

function port(field: number, { name, type, shape }: Port): Message {
  const dimensions = shape.map((n) => nested(1, typeof n === 'number' ? int(1, n) : text(2, n)))
  return nested(field, text(1, name), nested(2, nested(1, int(1, DataType[type]), nested(2, ...dimensions))))
}

/** `parts`: nodes in execution order, and initializers. */
export function modelOf(
  parts: readonly Message[],
  inputs: readonly Port[],
  outputs: readonly Port[],
): Message {
  const graph = nested(
    7,
    text(2, 'llama'),
    ...parts,
    ...inputs.map((input) => port(11, input)),
    ...outputs.map((output) => port(12, output)),
  )
  const operators = [
    ['', 21],
    [MICROSOFT, 1],
  ] as const
  return [
    int(1, 10),
    text(2, 'dasllama bench'),
    graph,
    ...operators.map(([domain, version]) => nested(8, text(1, domain), int(2, version))),
  ].flat()
}
