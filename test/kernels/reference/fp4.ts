/** Scalar references of the formats of 4-bit floats; see blocks.ts. */
import type { ReferenceFormat } from './blocks.js'
import { nibble, range } from './parts.js'

/** A float of 4 bits: sign, two bits of exponent (biased by 1), one of mantissa. */
function e2m1(bits: number): number {
  const exponent = (bits >> 1) & 3
  const mantissa = bits & 1
  const magnitude = exponent === 0 ? mantissa / 2 : (1 + mantissa / 2) * 2 ** (exponent - 1)
  return bits & 8 ? -magnitude : magnitude
}

/** A float of 8 bits without its sign: four bits of exponent (biased by 7), three of mantissa; ggml reads NaN as zero. */
function ue4m3(bits: number): number {
  if (bits === 0x7f) return 0
  const exponent = (bits >> 3) & 15
  const mantissa = bits & 7
  return exponent === 0 ? mantissa * 2 ** -9 : (1 + mantissa / 8) * 2 ** (exponent - 7)
}

const MXFP4: ReferenceFormat = {
  name: 'MXFP4',
  scalesAt: [],
  byteScales: { at: [0], one: 127 },
  block: (bytes, at, round) =>
    range(32, (i) => ({
      product: round(2 ** (bytes.getUint8(at) - 127) * e2m1(nibble(bytes, at + 1, i))),
      offset: 0,
    })),
}

const NVFP4: ReferenceFormat = {
  name: 'NVFP4',
  scalesAt: [],
  byteScales: { at: [0, 1, 2, 3], one: 0x38 },
  block: (bytes, at, round) =>
    range(64, (i) => {
      const sub = Math.floor(i / 16)
      const byte = bytes.getUint8(at + 4 + 8 * sub + (i % 8))
      return {
        product: round(ue4m3(bytes.getUint8(at + sub)) * e2m1(i % 16 < 8 ? byte & 15 : byte >> 4)),
        offset: 0,
      }
    }),
}

export const FP4_FORMATS: readonly ReferenceFormat[] = [MXFP4, NVFP4]
