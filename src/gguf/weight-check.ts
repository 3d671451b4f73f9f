import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { sum } from '../math/sum.js'
import type { StoredTensor } from './model-file.js'

/**
 * Byte offsets of the f16 scales and minimums in a block. The kernels assume that they are finite and would read others
 * as large numbers, with silently wrong results. Source: ggml-common.h of llama.cpp.
 */
const SCALES: Readonly<Record<string, readonly number[]>> = {
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  Q8_0: [0],
  Q2_K: [80, 82],
  Q3_K: [108],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
  IQ2_XXS: [0],
  IQ2_XS: [0],
  IQ2_S: [0],
  IQ3_XXS: [0],
  IQ3_S: [0],
  IQ1_S: [0],
  IQ4_NL: [0],
  IQ4_XS: [0],
  TQ1_0: [52],
  TQ2_0: [64],
  Q1_0: [0],
  Q2_0: [0],
}

/**
 * Four bits of IQ1_M's scale are on top of each of four words, the lowest first: the exponent is in the last two, at this offset.
 * They are never cut apart.
 */
const IQ1_M_EXPONENT = { at: 52, mask: 0x7000c000 }

/** An f16 whose magnitude bits are at least this is infinite or NaN. */
const INFINITE_HALF = 0x7c00

/**
 * Checks while reading that weights are finite, for those that the kernels would not propagate: block scales, and norms
 * and biases, where an infinity can get lost in rounding. In F32 and BF16 matrices they reach the logits. Costs 10 to
 * 50 ms per GiB while the next bytes are being read.
 *
 * `bytes`: the tensor's bytes from offset `start` on, cut at multiples of four. Throws `BAD_FORMAT`, naming the tensor.
 */
export function checkWeights(tensor: StoredTensor, start: number, bytes: Uint8Array): void {
  const { name, blockBytes } = tensor.format
  if (name === 'F32' && tensor.elements === tensor.shape[0]) {
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
    if (Number.isFinite(sum(values))) return
    const at = values.findIndex((value) => !Number.isFinite(value))
    throw notFinite(tensor, `${values[at]} at index ${start / 4 + at}`)
  }
  if (name === 'IQ1_M') checkScatteredScales(tensor, start, bytes)
  if (name === 'MXFP4') checkPowers(tensor, start, bytes)
  for (const scaleAt of SCALES[name] ?? []) {
    const first = firstAt(scaleAt, start, blockBytes)
    const halves = halvesOf(bytes)
    const at = firstInfinite(halves, first / 2, blockBytes / 2)
    if (at < 0) continue
    const block = Math.floor((start + 2 * at) / blockBytes)
    throw notFinite(tensor, `a scale that is ${nameOf(halves[at])} in block ${block}`)
  }
}

/** The first byte in a piece, from byte `start` of the tensor on, that is at offset `at` of a block. */
function firstAt(at: number, start: number, blockBytes: number): number {
  return (((at - start) % blockBytes) + blockBytes) % blockBytes
}

function checkScatteredScales(tensor: StoredTensor, start: number, bytes: Uint8Array): void {
  const { blockBytes } = tensor.format
  const { at, mask } = IQ1_M_EXPONENT
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2)
  for (let i = firstAt(at, start, blockBytes) / 4; i < words.length; i += blockBytes / 4) {
    if ((words[i] & mask) !== mask) continue
    const block = Math.floor((start + 4 * i) / blockBytes)
    throw notFinite(tensor, `a scale that is infinite or NaN in block ${block}`)
  }
}

/** The same for MXFP4's powers of two, of which one byte stands for NaN. */
function checkPowers(tensor: StoredTensor, start: number, bytes: Uint8Array): void {
  const { blockBytes } = tensor.format
  for (let at = (blockBytes - (start % blockBytes)) % blockBytes; at < bytes.length; at += blockBytes) {
    if (bytes[at] === 0xff)
      throw notFinite(tensor, `a scale that is NaN in block ${(start + at) / blockBytes}`)
  }
}

/** The same for F16, which the kernels also assume to be finite. */
export function checkHalves(tensor: StoredTensor, bytes: Uint8Array): void {
  const halves = halvesOf(bytes)
  const at = firstInfinite(halves, 0, 1)
  if (at >= 0) throw notFinite(tensor, `an f16 value that is ${nameOf(halves[at])}`)
}

function halvesOf(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 1)
}

/** The first index from `at` on, in steps of `stride`, of an infinite or NaN f16; -1 if there is none. */
function firstInfinite(halves: Uint16Array, at: number, stride: number): number {
  const { length } = halves
  for (; at + 3 * stride < length; at += 4 * stride) {
    const a = halves[at] & 0x7fff
    const b = halves[at + stride] & 0x7fff
    const c = halves[at + 2 * stride] & 0x7fff
    const d = halves[at + 3 * stride] & 0x7fff
    if (a >= INFINITE_HALF || b >= INFINITE_HALF || c >= INFINITE_HALF || d >= INFINITE_HALF) break
  }
  for (; at < length; at += stride) if ((halves[at] & 0x7fff) >= INFINITE_HALF) return at
  return -1
}

function nameOf(half: number): string {
  return (half & 0x7fff) === INFINITE_HALF ? 'infinite' : 'NaN'
}

function notFinite(tensor: StoredTensor, what: string): DasllamaError {
  return new DasllamaError(
    'BAD_FORMAT',
    `${tensor.source.name}: tensor ${describeValue(tensor.name)} has ${what}; weights must be finite`,
    { hint: 'the file is damaged, or its conversion overflowed: download or convert it again' },
  )
}
