import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { ByteSource } from '../storage/source.js'
import { type BlockFormat, blockFormatById, bytesFor } from './block-formats.js'
import type { Cursor } from './cursor.js'
import { LIMITS } from './limits.js'
import type { StoredTensor } from './model-file.js'
import type { ValueReader } from './value-reader.js'

/** Minimum size of a tensor's entry: name length, dimensions, one dimension, type, offset. */
export const SMALLEST_TENSOR_ENTRY_BYTES = 8 + 4 + 8 + 4 + 8

/** Formats removed from ggml, by number. */
const REMOVED_FORMATS: Readonly<Record<number, string>> = {
  4: 'Q4_2',
  5: 'Q4_3',
  31: 'Q4_0_4_4',
  32: 'Q4_0_4_8',
  33: 'Q4_0_8_8',
  36: 'IQ4_NL_4_4',
  37: 'IQ4_NL_4_8',
  38: 'IQ4_NL_8_8',
}

/** A directory entry; its offset is relative to the start of the tensor data, which is not known yet. */
export interface TensorEntry {
  readonly name: string
  readonly shape: readonly number[]
  readonly format: BlockFormat
  readonly elements: number
  readonly byteLength: number
  readonly dataOffset: number
}

export async function readTensorEntry(
  cursor: Cursor,
  reader: ValueReader,
  alignment: number,
): Promise<TensorEntry> {
  const name = await reader.string("a tensor's name", LIMITS.tensorNameBytes)
  const what = `tensor ${describeValue(name)}`
  const shape = await readShape(cursor, reader, what)
  await cursor.need(4 + 8, what)
  const format = formatOf(cursor.u32(), reader, what)
  if (shape[0] % format.blockElements !== 0) {
    throw reader.bad(
      'BAD_FORMAT',
      `${what} has rows of ${shape[0]}, not a multiple of ${format.name}'s block size ${format.blockElements}`,
    )
  }
  const elements = shape.reduce((product, dimension) => product * dimension, 1)
  const byteLength = bytesFor(format, elements)
  // A product of safe integers that exceeds the safe range rounds to a value outside it.
  if (!(Number.isSafeInteger(elements) && Number.isSafeInteger(byteLength))) {
    throw reader.bad('BAD_FORMAT', `${what} [${shape.join(', ')}] has more elements than a file can contain`)
  }
  const offset = cursor.u64()
  const dataOffset = Number(offset)
  if (!Number.isSafeInteger(dataOffset)) throw reader.bad('BAD_FORMAT', `${what} has offset ${offset}`)
  if (dataOffset % alignment !== 0) {
    throw reader.bad(
      'BAD_FORMAT',
      `${what} has offset ${offset}, not a multiple of the alignment ${alignment}`,
    )
  }
  return { name, shape, format, elements, byteLength, dataOffset }
}

async function readShape(cursor: Cursor, reader: ValueReader, what: string): Promise<number[]> {
  await cursor.need(4, what)
  const dimensions = cursor.u32()
  if (dimensions < 1 || dimensions > LIMITS.dimensions) {
    throw reader.bad('BAD_FORMAT', `${what} has ${dimensions} dimensions, not 1 to ${LIMITS.dimensions}`)
  }
  await cursor.need(8 * dimensions, what)
  return Array.from({ length: dimensions }, () => {
    const size = cursor.u64()
    if (size === 0n || !Number.isSafeInteger(Number(size))) {
      throw reader.bad('BAD_FORMAT', `${what} has a dimension of ${size}`)
    }
    return Number(size)
  })
}

function formatOf(id: number, reader: ValueReader, what: string): BlockFormat {
  const format = blockFormatById(id)
  if (format) return format
  const removed = REMOVED_FORMATS[id]
  if (removed === undefined) {
    throw reader.bad(
      'UNSUPPORTED',
      `${what} has an unknown type ${id}`,
      'the file may be newer than this version',
    )
  }
  throw reader.bad(
    'UNSUPPORTED',
    `${what} has type ${id} (${removed}), which ggml no longer supports`,
    'quantize the model again, for example to Q4_0',
  )
}

/** Locates the entries in the source and checks that each lies within it and that none overlap. */
export function placeTensors(
  source: ByteSource,
  entries: readonly TensorEntry[],
  dataStart: number,
): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>()
  for (const { dataOffset, ...entry } of entries) {
    if (tensors.has(entry.name)) {
      throw new DasllamaError(
        'BAD_FORMAT',
        `${displayName(source.name)}: tensor ${describeValue(entry.name)} is listed twice`,
      )
    }
    const offset = dataStart + dataOffset
    if (offset + entry.byteLength > source.size) {
      throw new DasllamaError(
        'TRUNCATED',
        `${displayName(source.name)}: tensor ${describeValue(entry.name)} takes bytes ${offset} to ${offset + entry.byteLength}, ` +
          `but the file ends at byte ${source.size}`,
        { hint: 'the file may be incomplete: compare its size with the original' },
      )
    }
    tensors.set(entry.name, { ...entry, source, offset })
  }
  checkOverlap(source.name, [...tensors.values()])
  return tensors
}

function checkOverlap(fileName: string, tensors: StoredTensor[]): void {
  tensors.sort((a, b) => a.offset - b.offset)
  for (let i = 1; i < tensors.length; i++) {
    const before = tensors[i - 1]
    if (tensors[i].offset < before.offset + before.byteLength) {
      throw new DasllamaError(
        'BAD_FORMAT',
        `${displayName(fileName)}: tensors ${describeValue(before.name)} and ${describeValue(tensors[i].name)} overlap at byte ${tensors[i].offset}`,
      )
    }
  }
}
