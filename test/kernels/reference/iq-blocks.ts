/**
 * Scalar references of the block formats with codebooks of several sizes: IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ1_S and IQ1_M.
 * Source of the layouts: ggml-common.h and the dequantisers of ggml-quants.c in llama.cpp.
 */
import { f16ToF32 } from '../../../src/gguf/half.js'
import type { ReferenceFormat, Round, Scale } from './blocks.js'
import { IQ2_S_HEXADECIMAL, IQ2_XS_HEXADECIMAL, IQ3_S_HEXADECIMAL, IQ3_XXS_HEXADECIMAL } from './grids.js'
import { IQ1_S_HEXADECIMAL } from './iq1-grid.js'
import { range } from './parts.js'

/** The digits of a codebook, in order: those of `bits` bits in each byte, the lowest bits first. */
function digitsOf(hexadecimal: string, bits: number): Uint8Array {
  const perByte = 8 / bits
  return Uint8Array.from({ length: (hexadecimal.length / 2) * perByte }, (_, i) => {
    const at = 2 * Math.floor(i / perByte)
    return (Number.parseInt(hexadecimal.slice(at, at + 2), 16) >> (bits * (i % perByte))) % (1 << bits)
  })
}

const IQ2_XS_DIGITS = digitsOf(IQ2_XS_HEXADECIMAL, 2)
const IQ2_S_DIGITS = digitsOf(IQ2_S_HEXADECIMAL, 2)
const IQ3_XXS_DIGITS = digitsOf(IQ3_XXS_HEXADECIMAL, 4)
const IQ3_S_DIGITS = digitsOf(IQ3_S_HEXADECIMAL, 4)
const IQ1_DIGITS = digitsOf(IQ1_S_HEXADECIMAL, 2)

const IQ2_MAGNITUDES = [8, 25, 43]
const IQ3_XXS_MAGNITUDES = [4, 12, 20, 28, 36, 44, 52, 62]
const IQ3_S_MAGNITUDES = [1, 3, 5, 7, 9, 11, 13, 15]

/** What a format's weight i is made of: `scale` times d times `quant`, rounded as in ggml. */
interface Parts {
  readonly quant: number
  readonly scale: (d: number, round: Round) => number
}

function iq(
  name: string,
  parts: (bytes: DataView, at: number, i: number) => Parts,
  scattered?: Scale,
): ReferenceFormat {
  const d = scattered?.get ?? ((bytes: DataView, at: number) => bytes.getUint16(at, true))
  return {
    name,
    scalesAt: scattered ? [] : [0],
    scattered,
    block(bytes, at, round) {
      const factor = f16ToF32(d(bytes, at))
      return range(256, (i) => {
        const { quant, scale } = parts(bytes, at, i)
        return { product: round(scale(factor, round) * quant), offset: 0 }
      })
    },
  }
}

/** Bit j of 7, or for the eighth their parity. */
function evenBit(bits: number, j: number): number {
  if (j < 7) return (bits >> j) & 1
  let parity = 0
  for (let k = 0; k < 7; k++) parity ^= (bits >> k) & 1
  return parity
}

/** d (1/2 + s) / 4, s being a nibble for each 16 weights in the bytes at `at`. */
function iq2Scale(bytes: DataView, at: number, i: number): Parts['scale'] {
  const s = (bytes.getUint8(at + (i >> 5)) >> (i & 16 ? 4 : 0)) & 15
  return (d, round) => round(round(d * (0.5 + s)) * 0.25)
}

/** d (2 s + 1) */
function oddScale(s: number): Parts['scale'] {
  return (d, round) => round(d * (2 * s + 1))
}

/** Four bits are on top of each of four words, the lowest first. */
const IQ1_M_SCALE: Scale = {
  get: (bytes, at) =>
    [0, 1, 2, 3].reduce((d, k) => d | ((bytes.getUint16(at + 48 + 2 * k, true) >> 12) << (4 * k)), 0),
  set(bytes, at, half) {
    for (let k = 0; k < 4; k++) {
      const word = bytes.getUint16(at + 48 + 2 * k, true)
      bytes.setUint16(at + 48 + 2 * k, (word & 0xfff) | (((half >> (4 * k)) & 15) << 12), true)
    }
  },
}

export const IQ_FORMATS: readonly ReferenceFormat[] = [
  iq('IQ2_XS', (bytes, at, i) => {
    const word = bytes.getUint16(at + 2 + 2 * (i >> 3), true)
    const magnitude = IQ2_MAGNITUDES[IQ2_XS_DIGITS[8 * (word & 511) + (i & 7)]]
    return { quant: evenBit(word >> 9, i & 7) ? -magnitude : magnitude, scale: iq2Scale(bytes, at + 66, i) }
  }),
  iq('IQ2_S', (bytes, at, i) => {
    const group = i >> 3
    const high = (bytes.getUint8(at + 66 + (i >> 5)) >> (2 * (group & 3))) & 3
    const index = bytes.getUint8(at + 2 + group) + 256 * high
    const magnitude = IQ2_MAGNITUDES[IQ2_S_DIGITS[8 * index + (i & 7)]]
    const negative = (bytes.getUint8(at + 34 + group) >> (i & 7)) & 1
    return { quant: negative ? -magnitude : magnitude, scale: iq2Scale(bytes, at + 74, i) }
  }),
  iq('IQ3_XXS', (bytes, at, i) => {
    const word = bytes.getUint32(at + 66 + 4 * (i >> 5), true)
    const magnitude = IQ3_XXS_MAGNITUDES[IQ3_XXS_DIGITS[4 * bytes.getUint8(at + 2 + (i >> 2)) + (i & 3)]]
    const negative = evenBit((word >>> (7 * ((i >> 3) & 3))) & 127, i & 7)
    return {
      quant: negative ? -magnitude : magnitude,
      scale: (d, round) => round(round(d * (0.5 + (word >>> 28))) * 0.5),
    }
  }),
  iq('IQ3_S', (bytes, at, i) => {
    const group = i >> 2
    const high = (bytes.getUint8(at + 66 + (i >> 5)) >> (group & 7)) & 1
    const index = bytes.getUint8(at + 2 + group) + 256 * high
    const magnitude = IQ3_S_MAGNITUDES[IQ3_S_DIGITS[4 * index + (i & 3)]]
    const negative = (bytes.getUint8(at + 74 + (i >> 3)) >> (i & 7)) & 1
    const s = (bytes.getUint8(at + 106 + (i >> 6)) >> (i & 32 ? 4 : 0)) & 15
    return { quant: negative ? -magnitude : magnitude, scale: oddScale(s) }
  }),
  iq('IQ1_S', (bytes, at, i) => {
    const word = bytes.getUint16(at + 34 + 2 * (i >> 5), true)
    const group = i >> 3
    const index = bytes.getUint8(at + 2 + group) + 256 * ((word >> (3 * (group & 3))) & 7)
    const delta = word & 0x8000 ? -0.125 : 0.125
    return { quant: IQ1_DIGITS[8 * index + (i & 7)] - 1 + delta, scale: oddScale((word >> 12) & 7) }
  }),
  iq(
    'IQ1_M',
    (bytes, at, i) => {
      const group = i >> 3
      const nibble = (bytes.getUint8(at + 32 + (group >> 1)) >> (4 * (group & 1))) & 15
      const index = bytes.getUint8(at + group) + 256 * (nibble & 7)
      const delta = nibble & 8 ? -0.125 : 0.125
      const s = (bytes.getUint16(at + 48 + 2 * (i >> 6), true) >> (3 * ((i >> 4) & 3))) & 7
      return { quant: IQ1_DIGITS[8 * index + (i & 7)] - 1 + delta, scale: oddScale(s) }
    },
    IQ1_M_SCALE,
  ),
]
