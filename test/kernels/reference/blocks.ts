/**
 * Scalar references of the block formats: weights directly from a block's bytes, as simple and as slow as possible.
 * Source of the layouts: ggml-common.h and the dequantisers of ggml-quants.c in llama.cpp.
 */
import { FP4_FORMATS } from './fp4.js'
import { IQ_FORMATS } from './iq-blocks.js'
import { IQ2_XXS_CODES } from './iq2-xxs-codes.js'
import { half, nibble, range } from './parts.js'
import { TERNARY_FORMATS } from './ternary.js'

/**
 * `Math.fround` to round wherever ggml's reference dequantiser does, the identity for exact weights in f64 (products of
 * a few f32 and small integers fit).
 */
export type Round = (value: number) => number

/** The weight is `round(product + offset)`. */
export interface Term {
  readonly product: number
  readonly offset: number
}

/** The 16 bits of a half-precision scale of the block at `at`. */
export interface Scale {
  get(bytes: DataView, at: number): number
  set(bytes: DataView, at: number, half: number): void
}

export interface ReferenceFormat {
  readonly name: string
  /** Offsets of the half-precision scales in a block. */
  readonly scalesAt: readonly number[]
  /** For a scale whose bits are scattered, instead of an offset. */
  readonly scattered?: Scale
  /** Offsets of scales of one byte, and the byte that stands for 1. */
  readonly byteScales?: { readonly at: readonly number[]; readonly one: number }
  /** The block at `at` as its terms, in the order of the elements. */
  block(bytes: DataView, at: number, round: Round): Term[]
}

/** All half-precision scales of a format's blocks. */
export function scalesOf({ scalesAt, scattered }: ReferenceFormat): Scale[] {
  const plain = scalesAt.map((offset) => ({
    get: (bytes: DataView, at: number) => bytes.getUint16(at + offset, true),
    set: (bytes: DataView, at: number, half: number) => bytes.setUint16(at + offset, half, true),
  }))
  return scattered ? [...plain, scattered] : plain
}

function plain(name: string, read: (bytes: DataView, at: number) => number): ReferenceFormat {
  return { name, scalesAt: [], block: (bytes, at) => [{ product: read(bytes, at), offset: 0 }] }
}

/** 32 quants: d × (q − zero), plus m if the block has a minimum. */
function simple(
  name: string,
  { zero, minimum }: { zero: number; minimum: boolean },
  quant: (bytes: DataView, at: number, i: number) => number,
): ReferenceFormat {
  return {
    name,
    scalesAt: minimum ? [0, 2] : [0],
    block(bytes, at, round) {
      const d = half(bytes, at)
      const offset = minimum ? half(bytes, at + 2) : 0
      return range(32, (i) => ({
        product: round(d * (quant(bytes, at + (minimum ? 4 : 2), i) - zero)),
        offset,
      }))
    },
  }
}

function fiveBits(bytes: DataView, at: number, i: number): number {
  return nibble(bytes, at + 4, i) | (((bytes.getUint32(at, true) >>> i) & 1) << 4)
}

/** 256 quants: d × s × q, minus dmin × m if there are minimums; `size` quants share an s and an m. */
function superBlock(
  name: string,
  { scaleAt, size, minimum }: { scaleAt: number; size: number; minimum: boolean },
  quant: (bytes: DataView, at: number, i: number) => number,
  scale: (bytes: DataView, at: number, sub: number) => number,
  least: (bytes: DataView, at: number, sub: number) => number = () => 0,
): ReferenceFormat {
  return {
    name,
    scalesAt: minimum ? [scaleAt, scaleAt + 2] : [scaleAt],
    block(bytes, at, round) {
      const d = half(bytes, at + scaleAt)
      const dmin = minimum ? half(bytes, at + scaleAt + 2) : 0
      return range(256, (i) => {
        const sub = Math.floor(i / size)
        return {
          product: round(round(d * scale(bytes, at, sub)) * quant(bytes, at, i)),
          offset: minimum ? -round(dmin * least(bytes, at, sub)) : 0,
        }
      })
    },
  }
}

/** Two bits of element i in 64 bytes: half, then bit pair, then byte. */
function twoBits(bytes: DataView, at: number, i: number): number {
  const pair = Math.floor((i % 128) / 32)
  return (bytes.getUint8(at + 32 * Math.floor(i / 128) + (i % 32)) >> (2 * pair)) & 3
}

/** Four bits of element i in 128 bytes: 32 low nibbles, then the 32 high ones of the same bytes. */
function fourBits(bytes: DataView, at: number, i: number): number {
  const byte = bytes.getUint8(at + 32 * Math.floor(i / 64) + (i % 32))
  return i % 64 < 32 ? byte & 15 : byte >> 4
}

/** The 6-bit scales (`which` 0) and minimums (1) of Q4_K and Q5_K. */
function sixBits(bytes: DataView, at: number, sub: number, which: 0 | 1): number {
  if (sub < 4) return bytes.getUint8(at + 4 * which + sub) & 63
  const low = (bytes.getUint8(at + 4 + sub) >> (4 * which)) & 15
  return low | ((bytes.getUint8(at + 4 * which + sub - 4) >> 6) << 4)
}

function q3Scale(bytes: DataView, at: number, sub: number): number {
  const low = sub < 8 ? bytes.getUint8(at + sub) & 15 : bytes.getUint8(at + sub - 8) >> 4
  const high = (bytes.getUint8(at + 8 + (sub % 4)) >> (2 * Math.floor(sub / 4))) & 3
  return (low | (high << 4)) - 32
}

function q6Quant(bytes: DataView, at: number, i: number): number {
  const inHalf = i % 128
  const low = bytes.getUint8(at + 64 * Math.floor(i / 128) + (inHalf % 64))
  const high = bytes.getUint8(at + 128 + 32 * Math.floor(i / 128) + (inHalf % 32))
  return ((inHalf < 64 ? low & 15 : low >> 4) | (((high >> (2 * Math.floor(inHalf / 32))) & 3) << 4)) - 32
}

/** ggml's `kvalues_iq4nl`. */
const IQ4_VALUES = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]

const IQ2_XXS: ReferenceFormat = {
  name: 'IQ2_XXS',
  scalesAt: [0],
  block: (bytes, at, round) =>
    range(256, (i) => {
      const group = at + 2 + 8 * Math.floor(i / 32)
      const octet = Math.floor((i % 32) / 8)
      const word = bytes.getUint32(group + 4, true)
      const magnitude = [8, 25, 43][(IQ2_XXS_CODES[bytes.getUint8(group + octet)] >> (2 * (i % 8))) & 3]
      const signs = (word >>> (7 * octet)) & 127
      // The eighth sign is the parity of the other seven.
      const parity = () => range(7, (k) => (signs >> k) & 1).reduce((a, b) => a ^ b)
      const negative = i % 8 < 7 ? (signs >> (i % 8)) & 1 : parity()
      const scale = round(half(bytes, at) * (0.5 + (word >>> 28))) * 0.25
      return { product: round(scale * magnitude) * (negative ? -1 : 1), offset: 0 }
    }),
}

const WORD = new DataView(new ArrayBuffer(4))

export const REFERENCE_FORMATS: readonly ReferenceFormat[] = [
  plain('F32', (bytes, at) => bytes.getFloat32(at, true)),
  plain('F16', half),
  plain('BF16', (bytes, at) => {
    WORD.setUint32(0, bytes.getUint16(at, true) << 16)
    return WORD.getFloat32(0)
  }),
  simple('Q4_0', { zero: 8, minimum: false }, nibble),
  simple('Q4_1', { zero: 0, minimum: true }, nibble),
  simple('Q5_0', { zero: 16, minimum: false }, fiveBits),
  simple('Q5_1', { zero: 0, minimum: true }, fiveBits),
  simple('Q8_0', { zero: 0, minimum: false }, (bytes, at, i) => bytes.getInt8(at + i)),
  superBlock(
    'Q2_K',
    { scaleAt: 80, size: 16, minimum: true },
    (bytes, at, i) => twoBits(bytes, at + 16, i),
    (bytes, at, sub) => bytes.getUint8(at + sub) & 15,
    (bytes, at, sub) => bytes.getUint8(at + sub) >> 4,
  ),
  superBlock(
    'Q3_K',
    { scaleAt: 108, size: 16, minimum: false },
    // If the high bit is not set, 4 is subtracted.
    (bytes, at, i) =>
      twoBits(bytes, at + 32, i) - ((bytes.getUint8(at + (i % 32)) >> Math.floor(i / 32)) & 1 ? 0 : 4),
    (bytes, at, sub) => q3Scale(bytes, at + 96, sub),
  ),
  superBlock(
    'Q4_K',
    { scaleAt: 0, size: 32, minimum: true },
    (bytes, at, i) => fourBits(bytes, at + 16, i),
    (bytes, at, sub) => sixBits(bytes, at + 4, sub, 0),
    (bytes, at, sub) => sixBits(bytes, at + 4, sub, 1),
  ),
  superBlock(
    'Q5_K',
    { scaleAt: 0, size: 32, minimum: true },
    (bytes, at, i) =>
      fourBits(bytes, at + 48, i) | (((bytes.getUint8(at + 16 + (i % 32)) >> Math.floor(i / 32)) & 1) << 4),
    (bytes, at, sub) => sixBits(bytes, at + 4, sub, 0),
    (bytes, at, sub) => sixBits(bytes, at + 4, sub, 1),
  ),
  superBlock('Q6_K', { scaleAt: 208, size: 16, minimum: false }, q6Quant, (bytes, at, sub) =>
    bytes.getInt8(at + 192 + sub),
  ),
  IQ2_XXS,
  ...IQ_FORMATS,
  simple('IQ4_NL', { zero: 0, minimum: false }, (bytes, at, i) => IQ4_VALUES[nibble(bytes, at, i)]),
  superBlock(
    'IQ4_XS',
    { scaleAt: 0, size: 32, minimum: false },
    (bytes, at, i) => IQ4_VALUES[nibble(bytes, at + 8 + 16 * Math.floor(i / 32), i % 32)],
    (bytes, at, sub) => {
      const low = (bytes.getUint8(at + 4 + (sub >> 1)) >> (4 * (sub & 1))) & 15
      const high = (bytes.getUint16(at + 2, true) >> (2 * sub)) & 3
      return low + 16 * high - 32
    },
  ),
  ...TERNARY_FORMATS,
  ...FP4_FORMATS,
]

/** All terms of a row of blocks. */
export function terms(format: ReferenceFormat, row: Uint8Array, blockBytes: number, round: Round): Term[] {
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength)
  const all: Term[] = []
  for (let at = 0; at < row.length; at += blockBytes) {
    for (const term of format.block(view, at, round)) all.push(term)
  }
  return all
}
