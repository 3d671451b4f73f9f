import { DasllamaError } from '../errors.js'
import { type BlockFormat, blockFormat, bytesFor } from './block-formats.js'
import { f32ToBf16, f32ToF16 } from './half.js'

/**
 * Quantizes f32 to the simple block formats, bit for bit like ggml's reference quantizers for finite values.
 * Source: `quantize_row_q8_0_ref` and `quantize_row_q4_0_ref` of ggml-quants.c in llama.cpp, every operation in
 * f32 (a build with fused multiply-add may round ties differently).
 */
export type Quantizer = (values: Float32Array) => Uint8Array

const QUANTIZERS: Readonly<Record<string, Quantizer>> = {
  F32: quantizeF32,
  F16: (values) => halves(values, f32ToF16),
  BF16: (values) => halves(values, f32ToBf16),
  Q8_0: quantizeQ8_0,
  Q4_0: quantizeQ4_0,
}

/**
 * Quantizes whole blocks. Throws `UNSUPPORTED` for a format without a quantizer and `INVALID_ARGUMENT` if the number of
 * values is not a multiple of the block size.
 */
export function quantize(format: BlockFormat, values: Float32Array): Uint8Array {
  const quantizer = QUANTIZERS[format.name]
  if (!quantizer) {
    throw new DasllamaError('UNSUPPORTED', `cannot quantize to ${format.name}`, {
      hint: `supported: ${Object.keys(QUANTIZERS).join(', ')}`,
    })
  }
  return quantizer(values)
}

export function quantizeF32(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i], true)
  return bytes
}

function halves(values: Float32Array, convert: (value: number) => number): Uint8Array {
  const bytes = new Uint8Array(values.length * 2)
  for (let i = 0; i < values.length; i++) writeU16(bytes, 2 * i, convert(values[i]))
  return bytes
}

/** 32 elements: f16 scale `max(abs) / 127`, then i8 values rounded half away from zero. */
export function quantizeQ8_0(values: Float32Array): Uint8Array {
  const { bytes, blocks, blockBytes } = allocateBlocks('Q8_0', values)
  for (let block = 0; block < blocks; block++) {
    const first = block * 32
    const at = block * blockBytes
    let largest = 0
    for (let i = 0; i < 32; i++) largest = Math.max(largest, Math.abs(values[first + i]))
    const scale = Math.fround(largest / 127)
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale)
    writeU16(bytes, at, f32ToF16(scale))
    for (let i = 0; i < 32; i++) {
      const scaled = Math.fround(values[first + i] * inverse)
      bytes[at + 2 + i] = Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5)
    }
  }
  return bytes
}

/** 32 elements: f16 scale `extreme / -8`, then nibbles of `value / scale + 8`; byte i holds elements i and i + 16. */
export function quantizeQ4_0(values: Float32Array): Uint8Array {
  const { bytes, blocks, blockBytes } = allocateBlocks('Q4_0', values)
  for (let block = 0; block < blocks; block++) {
    const first = block * 32
    const at = block * blockBytes
    let extreme = 0
    for (let i = 0; i < 32; i++) {
      if (Math.abs(values[first + i]) > Math.abs(extreme)) extreme = values[first + i]
    }
    const scale = Math.fround(extreme / -8)
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale)
    writeU16(bytes, at, f32ToF16(scale))
    const nibble = (value: number) => {
      const shifted = Math.fround(Math.fround(value * inverse) + 8.5)
      return Math.min(15, Math.trunc(shifted))
    }
    for (let i = 0; i < 16; i++) {
      bytes[at + 2 + i] = nibble(values[first + i]) | (nibble(values[first + 16 + i]) << 4)
    }
  }
  return bytes
}

function allocateBlocks(name: string, values: Float32Array) {
  const format = blockFormat(name)
  if (values.length % format.blockElements !== 0) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${values.length} values are not a multiple of ${name}'s block size ${format.blockElements}`,
    )
  }
  return {
    bytes: new Uint8Array(bytesFor(format, values.length)),
    blocks: values.length / format.blockElements,
    blockBytes: format.blockBytes,
  }
}

function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
}
