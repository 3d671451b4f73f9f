import { describeFailure, describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { ByteSource } from '../storage/source.js'
import { isObject } from './folder.js'

/** A tensor of a safetensors file. */
export interface SafeTensor {
  readonly name: string
  /** The type of its values, as ggml names it: F32, F16, BF16; others as the file names them. */
  readonly dtype: string
  /** PyTorch's order: the last dimension is the row length. */
  readonly shape: readonly number[]
  readonly source: ByteSource
  /** Of the data in `source`, in bytes. */
  readonly offset: number
}

/** Bytes of the header that are accepted (the specification's own limit). */
const MOST_HEADER_BYTES = 100_000_000

/** Bytes per value. Others are refused only when they are used. */
const DTYPE_BYTES: Readonly<Record<string, number>> = {
  ...{ F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2 },
  ...{ I8: 1, U8: 1, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1 },
}

/**
 * Reads the directory of a safetensors file: a u64 with the length of a JSON header, the header, the data. Rejects with
 * `BAD_FORMAT` for contradictions, such as overlapping tensors, `TRUNCATED` if data are missing, `LIMIT` for a header of more
 * than 100 MB. Source: github.com/huggingface/safetensors.
 */
export async function readSafetensors(source: ByteSource, signal?: AbortSignal): Promise<SafeTensor[]> {
  const bad = (problem: string, cause?: unknown) =>
    new DasllamaError('BAD_FORMAT', `${displayName(source.name)}: ${problem}`, { cause })
  if (source.size < 8) throw truncated(source, 'the length of its header', 8)
  const length = new Uint8Array(8)
  await source.read(0, length, signal)
  const headerBytes = Number(new DataView(length.buffer).getBigUint64(0, true))
  if (headerBytes > MOST_HEADER_BYTES) {
    throw new DasllamaError(
      'LIMIT',
      `${displayName(source.name)}: its header has ${headerBytes} bytes; the limit is ${MOST_HEADER_BYTES}`,
      { hint: 'it may not be a safetensors file' },
    )
  }
  const dataStart = 8 + headerBytes
  if (dataStart > source.size) throw truncated(source, 'its header', dataStart)
  const bytes = new Uint8Array(headerBytes)
  await source.read(8, bytes, signal)
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw bad(`its header is not JSON: ${describeFailure(cause)}`, cause)
  }
  if (!isObject(header)) throw bad('its header is not a JSON object')
  const tensors: (SafeTensor & { readonly end: number })[] = []
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const what = `tensor ${describeValue(name)}`
    if (!isObject(entry)) throw bad(`${what} is not an object`)
    const { dtype, shape, data_offsets: offsets } = entry
    if (typeof dtype !== 'string') throw bad(`${what} has no dtype`)
    if (!isCounts(shape)) throw bad(`${what} has the shape ${describeValue(shape)}`)
    if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
      throw bad(`${what} has the data_offsets ${describeValue(offsets)}`)
    }
    const [begin, end] = offsets
    const size = DTYPE_BYTES[dtype]
    const needed = shape.reduce((product, dimension) => product * dimension, size ?? 0)
    if (size !== undefined && needed !== end - begin) {
      throw bad(
        `${what} [${shape.join(', ')}] of ${dtype} needs ${needed} bytes, but its data_offsets give ${end - begin}`,
      )
    }
    if (dataStart + end > source.size) throw truncated(source, what, dataStart + end)
    tensors.push({ name, dtype, shape, source, offset: dataStart + begin, end: dataStart + end })
  }
  tensors.sort((a, b) => a.offset - b.offset || a.end - b.end)
  for (const [index, tensor] of tensors.entries()) {
    const before = tensors[index - 1]
    if (before && tensor.offset < before.end) {
      throw bad(`tensors ${describeValue(before.name)} and ${describeValue(tensor.name)} overlap`)
    }
  }
  return tensors.map(({ end: _, ...tensor }) => tensor)
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0)
}

function truncated(source: ByteSource, what: string, needed: number): DasllamaError {
  return new DasllamaError(
    'TRUNCATED',
    `${displayName(source.name)}: the file ends at byte ${source.size}, but ${what} ends at byte ${needed}`,
    { hint: 'the file may be incomplete: compare its size with the original' },
  )
}
