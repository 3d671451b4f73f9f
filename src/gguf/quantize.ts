import { DasllamaError } from '../errors.js'
import { type BlockFormat, bytesFor } from './block-formats.js'
import { f32ToBf16, f32ToF16 } from './half.js'
import type { BlockQuantizer } from './quantize/block-quantizer.js'
import { quantizeIQ4_NL, quantizeIQ4_XS } from './quantize/iq4.js'
import { quantizeQ4_0 } from './quantize/q4-0.js'
import { quantizeQ4_K } from './quantize/q4-k.js'
import { quantizeQ5_0 } from './quantize/q5-0.js'
import { quantizeQ5_K } from './quantize/q5-k.js'
import { quantizeQ6_K } from './quantize/q6-k.js'
import { quantizeQ8_0 } from './quantize/q8-0.js'
import { quantizeQ4_1, quantizeQ5_1 } from './quantize/with-minimum.js'

/**
 * Quantizers from f32 to block formats, bit for bit like ggml's (`ggml_quantize_chunk` without an importance matrix) for
 * finite values: every operation is one of f32. A build of ggml with fused multiply-add may differ in last bits.
 */
const QUANTIZERS: Readonly<Record<string, BlockQuantizer>> = {
  Q4_0: quantizeQ4_0,
  Q4_1: quantizeQ4_1,
  Q5_0: quantizeQ5_0,
  Q5_1: quantizeQ5_1,
  Q8_0: quantizeQ8_0,
  Q4_K: quantizeQ4_K,
  Q5_K: quantizeQ5_K,
  Q6_K: quantizeQ6_K,
  IQ4_NL: quantizeIQ4_NL,
  IQ4_XS: quantizeIQ4_XS,
}

/** Formats without blocks. */
const FLOATS: Readonly<Record<string, (values: Float32Array) => Uint8Array<ArrayBuffer>>> = {
  F32: quantizeF32,
  F16: (values) => halves(values, f32ToF16),
  BF16: (values) => halves(values, f32ToBf16),
}

/**
 * Quantizes whole blocks. Throws `UNSUPPORTED` for a format without a quantizer and `INVALID_ARGUMENT` if the number of
 * values is not a multiple of the block size.
 */
export function quantize(format: BlockFormat, values: Float32Array): Uint8Array<ArrayBuffer> {
  const { name, blockElements, blockBytes } = format
  const floats = FLOATS[name]
  if (floats) return floats(values)
  const quantizer = QUANTIZERS[name]
  if (!quantizer) {
    throw new DasllamaError('UNSUPPORTED', `cannot quantize to ${name}`, {
      hint: `supported: ${[...Object.keys(FLOATS), ...Object.keys(QUANTIZERS)].join(', ')}`,
    })
  }
  if (values.length % blockElements !== 0) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${values.length} values are not a multiple of ${name}'s block size ${blockElements}`,
    )
  }
  const bytes = new Uint8Array(bytesFor(format, values.length))
  for (let first = 0, at = 0; first < values.length; first += blockElements, at += blockBytes) {
    quantizer(values, first, bytes, at)
  }
  return bytes
}

/** The bytes of f32 values. */
export function quantizeF32(values: Float32Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values.slice().buffer)
}

function halves(values: Float32Array, convert: (value: number) => number): Uint8Array<ArrayBuffer> {
  const bits = new Uint16Array(values.length)
  for (let i = 0; i < values.length; i++) bits[i] = convert(values[i])
  return new Uint8Array(bits.buffer)
}
