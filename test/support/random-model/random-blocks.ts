import { DasllamaError } from '../../../src/errors.js'
import { type BlockFormat, bytesFor } from '../../../src/gguf/block-formats.js'
import { f32ToBf16, f32ToF16 } from '../../../src/gguf/half.js'
import type { RandomBits } from './random-bits.js'

/**
 * Random but valid blocks, without a quantiser: the quants (and the small scales of the K formats) are random
 * bits, the f16 scales are chosen so that the dequantised weights have mean zero and a given standard deviation.
 * Block layouts: ggml-common.h of llama.cpp.
 */
interface BlockStatistics {
  /** Offset of the f16 scale in the block; `SCATTERED`: four of its bits are on top of each of the last four words. */
  readonly scaleAt: number
  /** Root mean square of a weight whose scale is 1. */
  readonly rms: number
  /** The f16 minimum, if the format has one: `scale × perScale` makes the mean zero. */
  readonly minimum?: { readonly at: number; readonly perScale: number }
}

/** Mean square of integers drawn uniformly from `low` to `high`. */
function meanSquare(low: number, high: number): number {
  let sum = 0
  for (let i = low; i <= high; i++) sum += i * i
  return sum / (high - low + 1)
}

/** weight = scale × quant, quants uniform from `low` to `high`. A random sign of the scale makes the mean zero. */
function plain(scaleAt: number, low: number, high: number): BlockStatistics {
  return { scaleAt, rms: Math.sqrt(meanSquare(low, high)) }
}

/** weight = scale × quant + minimum, quants uniform from 0 to `high`. */
function withMinimum(high: number): BlockStatistics {
  const mean = high / 2
  return {
    scaleAt: 0,
    rms: Math.sqrt(meanSquare(0, high) - mean * mean),
    minimum: { at: 2, perScale: -mean },
  }
}

/**
 * weight = scale × s × quant − minimum × m, with s and m uniform from 0 to `highScale`, quants from 0 to `high`.
 * As s and m have the same mean, minimum = scale × mean quant makes the mean zero.
 */
function superBlock(scaleAt: number, highScale: number, high: number): BlockStatistics {
  const meanQuant = high / 2
  const meanScale = highScale / 2
  const product = meanSquare(0, highScale) * (meanSquare(0, high) + meanQuant ** 2)
  return {
    scaleAt,
    rms: Math.sqrt(product - 2 * (meanScale * meanQuant) ** 2),
    minimum: { at: scaleAt + 2, perScale: meanQuant },
  }
}

/** Mean squares of the magnitudes in ggml's codebooks. */
const IQ2_XXS_GRID_MEAN_SQUARE = 534.43
const IQ2_XS_GRID_MEAN_SQUARE = 586.48
const IQ2_S_GRID_MEAN_SQUARE = 596.84
const IQ3_XXS_GRID_MEAN_SQUARE = 951.64
const IQ3_S_GRID_MEAN_SQUARE = 57.67
/** Of a value of `iq1s_grid` plus or minus 1/8. */
const IQ1_GRID_MEAN_SQUARE = 0.6098

const SCATTERED = -1

/** Mean square of s + 1/2 with s uniform from 0 to `high`. */
function halfOddMeanSquare(high: number): number {
  return meanSquare(0, high) + high / 2 + 0.25
}

/** weight = scale × (s + 1/2) × unit × value of a codebook, s uniform from 0 to `high`. */
function codebook(unit: number, high: number, gridMeanSquare: number, scaleAt = 0): BlockStatistics {
  return { scaleAt, rms: Math.sqrt(halfOddMeanSquare(high) * gridMeanSquare) * unit }
}

/** Mean square of ggml's `kvalues_iq4nl`. */
const IQ4_MEAN_SQUARE = 4548

const STATISTICS: Readonly<Record<string, BlockStatistics>> = {
  Q4_0: plain(0, -8, 7),
  Q4_1: withMinimum(15),
  Q5_0: plain(0, -16, 15),
  Q5_1: withMinimum(31),
  Q8_0: plain(0, -127, 127),
  Q2_K: superBlock(80, 15, 3),
  Q3_K: { scaleAt: 108, rms: Math.sqrt(meanSquare(-32, 31) * meanSquare(-4, 3)) },
  Q4_K: superBlock(0, 63, 15),
  Q5_K: superBlock(0, 63, 31),
  Q6_K: { scaleAt: 208, rms: Math.sqrt(meanSquare(-128, 127) * meanSquare(-32, 31)) },
  IQ2_XXS: codebook(1 / 4, 15, IQ2_XXS_GRID_MEAN_SQUARE),
  IQ2_XS: codebook(1 / 4, 15, IQ2_XS_GRID_MEAN_SQUARE),
  IQ2_S: codebook(1 / 4, 15, IQ2_S_GRID_MEAN_SQUARE),
  IQ3_XXS: codebook(1 / 2, 15, IQ3_XXS_GRID_MEAN_SQUARE),
  IQ3_S: codebook(2, 15, IQ3_S_GRID_MEAN_SQUARE),
  IQ1_S: codebook(2, 7, IQ1_GRID_MEAN_SQUARE),
  IQ1_M: codebook(2, 7, IQ1_GRID_MEAN_SQUARE, SCATTERED),
  IQ4_NL: { scaleAt: 0, rms: Math.sqrt(IQ4_MEAN_SQUARE) },
  IQ4_XS: { scaleAt: 0, rms: Math.sqrt(meanSquare(-32, 31) * IQ4_MEAN_SQUARE) },
  TQ1_0: plain(52, -1, 1),
  TQ2_0: plain(64, -1, 2),
  Q1_0: { scaleAt: 0, rms: 1 },
  Q2_0: plain(0, -1, 2),
}

/** Scales vary from block to block between 1/2 and 3/2 of the base, because blocks of a real model differ. */
const SPREAD_RMS = Math.sqrt(13 / 12)

/**
 * `elements` random weights with a mean of about 0 and the given standard deviation, in the given format. Throws
 * `UNSUPPORTED` for an unknown format and `INVALID_ARGUMENT` when `elements` is not a multiple of the
 * block.
 */
export function randomBlocks(
  format: BlockFormat,
  elements: number,
  random: RandomBits,
  standardDeviation: number,
): Uint8Array {
  if (elements % format.blockElements !== 0) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${elements} weights are not a multiple of ${format.name}'s block of ${format.blockElements}`,
    )
  }
  const bytes = new Uint8Array(bytesFor(format, elements))
  switch (format.name) {
    case 'F32':
      randomFloats(random, standardDeviation, new Float32Array(bytes.buffer), (value) => value)
      return bytes
    case 'F16':
      randomFloats(random, standardDeviation, new Uint16Array(bytes.buffer), f32ToF16)
      return bytes
    case 'BF16':
      randomFloats(random, standardDeviation, new Uint16Array(bytes.buffer), f32ToBf16)
      return bytes
  }
  if (format.name === 'MXFP4' || format.name === 'NVFP4')
    return randomFp4(format.name, bytes, random, standardDeviation)
  const statistics = STATISTICS[format.name]
  if (!statistics) throw new DasllamaError('UNSUPPORTED', `no random blocks of format ${format.name}`)
  random.fill(bytes)
  // ggml never writes -128 in Q8_0. The f16 scales, which this also changes, are overwritten below.
  if (format.name === 'Q8_0') for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0x80) bytes[i] = 0x81
  setScales(bytes, format.blockBytes, statistics, random, standardDeviation)
  return bytes
}

/** The sum of two uniform distributions: a triangle, close enough to a bell curve. */
function randomFloats(
  random: RandomBits,
  standardDeviation: number,
  target: Float32Array | Uint16Array,
  encode: (value: number) => number,
): void {
  const factor = (standardDeviation * Math.sqrt(6)) / 65536
  for (let i = 0; i < target.length; i++) {
    const bits = random.next()
    target[i] = encode(((bits & 0xffff) + (bits >>> 16) - 0xffff) * factor)
  }
}

/** Root mean square of the 16 floats of 4 bits: 0, 0.5, 1, 1.5, 2, 3, 4, 6 with both signs. */
const E2M1_RMS = Math.sqrt(68.5 / 8)

/** Scales of one byte: of MXFP4 the nearest power of two, of NVFP4 the nearest float with 3 bits of mantissa. */
function randomFp4(
  name: 'MXFP4' | 'NVFP4',
  bytes: Uint8Array,
  random: RandomBits,
  standardDeviation: number,
): Uint8Array {
  random.fill(bytes)
  const base = standardDeviation / (E2M1_RMS * SPREAD_RMS)
  const [blockBytes, scales] = name === 'MXFP4' ? [17, 1] : [36, 4]
  for (let block = 0; block < bytes.length; block += blockBytes) {
    for (let i = 0; i < scales; i++) {
      const scale = base * (0.5 + random.fraction())
      bytes[block + i] = name === 'MXFP4' ? 127 + Math.round(Math.log2(scale)) : ue4m3(scale)
    }
  }
  return bytes
}

/** The float of four bits of exponent, biased by 7, and three of mantissa that is nearest to `scale`, from 2^-9 to 448. */
function ue4m3(scale: number): number {
  const exponent = Math.max(-6, Math.floor(Math.log2(scale)))
  // A mantissa that is rounded up to 16 carries into the exponent.
  return Math.max(1, Math.round((scale / 2 ** exponent) * 8) + 8 * (exponent + 6))
}

function setScales(
  bytes: Uint8Array,
  blockBytes: number,
  { scaleAt, rms, minimum }: BlockStatistics,
  random: RandomBits,
  standardDeviation: number,
): void {
  const base = standardDeviation / (rms * SPREAD_RMS)
  for (let block = 0; block < bytes.length; block += blockBytes) {
    const bits = random.next()
    const sign = !minimum && bits & 1 ? -1 : 1
    const scale = sign * base * (0.5 + (bits >>> 8) / 2 ** 24)
    if (scaleAt === SCATTERED) scatterF16(bytes, block + blockBytes - 8, scale)
    else writeF16(bytes, block + scaleAt, scale)
    if (minimum) writeF16(bytes, block + minimum.at, scale * minimum.perScale)
  }
}

function writeF16(bytes: Uint8Array, at: number, value: number): void {
  const half = f32ToF16(value)
  bytes[at] = half
  bytes[at + 1] = half >>> 8
}

/** Writes a half's bits on top of four words, the lowest first. */
function scatterF16(bytes: Uint8Array, at: number, value: number): void {
  const half = f32ToF16(value)
  for (let k = 0; k < 4; k++) {
    const byte = at + 2 * k + 1
    bytes[byte] = (bytes[byte] & 15) | (((half >> (4 * k)) & 15) << 4)
  }
}
