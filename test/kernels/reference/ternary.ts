/** Scalar references of the formats of 1 and 2 bits: d × (q − 1), and d or −d; see blocks.ts. */
import type { ReferenceFormat } from './blocks.js'
import { half, range } from './parts.js'

function scaledBlock(
  name: string,
  { elements, scaleAt }: { elements: number; scaleAt: number },
  quant: (bytes: DataView, at: number, i: number) => number,
): ReferenceFormat {
  return {
    name,
    scalesAt: [scaleAt],
    block: (bytes, at, round) =>
      range(elements, (i) => ({
        product: round(half(bytes, at + scaleAt) * quant(bytes, at, i)),
        offset: 0,
      })),
  }
}

/** Digit n of base 3 of a byte, as ggml reads it: the byte is a fraction of 256, rounded up. */
function digit(byte: number, n: number): number {
  return Math.floor((((byte * 3 ** n) % 256) * 3) / 256)
}

/** The byte and the digit of element i of TQ1_0. */
function placeOf(i: number): [number, number] {
  if (i < 160) return [i % 32, Math.floor(i / 32)]
  if (i < 240) return [32 + ((i - 160) % 16), Math.floor((i - 160) / 16)]
  return [48 + ((i - 240) % 4), Math.floor((i - 240) / 4)]
}

export const TERNARY_FORMATS: readonly ReferenceFormat[] = [
  scaledBlock('TQ1_0', { elements: 256, scaleAt: 52 }, (bytes, at, i) => {
    const [byte, n] = placeOf(i)
    return digit(bytes.getUint8(at + byte), n) - 1
  }),
  scaledBlock('TQ2_0', { elements: 256, scaleAt: 64 }, (bytes, at, i) => {
    const byte = bytes.getUint8(at + 32 * Math.floor(i / 128) + (i % 32))
    return ((byte >> (2 * Math.floor((i % 128) / 32))) & 3) - 1
  }),
  scaledBlock('Q1_0', { elements: 128, scaleAt: 0 }, (bytes, at, i) =>
    (bytes.getUint8(at + 2 + Math.floor(i / 8)) >> (i % 8)) & 1 ? 1 : -1,
  ),
  scaledBlock(
    'Q2_0',
    { elements: 64, scaleAt: 0 },
    (bytes, at, i) => ((bytes.getUint8(at + 2 + Math.floor(i / 4)) >> (2 * (i % 4))) & 3) - 1,
  ),
]
