/** The part of protobuf's wire format that ONNX models need. Source: protobuf.dev, "Encoding". */

/** An encoded message, in pieces that are not copied: tensors are large. */
export type Message = readonly Uint8Array[]

const WIRE = { varint: 0, bytes: 2, fixed32: 5 }

function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  do {
    const more = rest > 0x7fn
    bytes.push(Number(rest & 0x7fn) | (more ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Uint8Array.from(bytes)
}

const tag = (field: number, wire: number) => varint((field << 3) | wire)

export function lengthOf(message: Message): number {
  return message.reduce((sum, piece) => sum + piece.length, 0)
}

/** A whole number. */
export function int(field: number, value: number | bigint): Message {
  return [tag(field, WIRE.varint), varint(value)]
}

export function float(field: number, value: number): Message {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value, true)
  return [tag(field, WIRE.fixed32), bytes]
}

export function bytes(field: number, value: Uint8Array): Message {
  return [tag(field, WIRE.bytes), varint(value.length), value]
}

export function text(field: number, value: string): Message {
  return bytes(field, new TextEncoder().encode(value))
}

/** A message in a field of another. */
export function nested(field: number, ...parts: readonly Message[]): Message {
  const message = parts.flat()
  return [tag(field, WIRE.bytes), varint(lengthOf(message)), ...message]
}
