import { describeValue } from '../describe.js'
import type { ByteSource } from '../storage/source.js'
import { Cursor } from './cursor.js'
import { LIMITS } from './limits.js'
import { Metadata, type StoredValue } from './metadata.js'
import type { StoredTensor } from './model-file.js'
import {
  placeTensors,
  readTensorEntry,
  SMALLEST_TENSOR_ENTRY_BYTES,
  type TensorEntry,
} from './tensor-directory.js'
import { SMALLEST_ENTRY_BYTES, ValueReader } from './value-reader.js'

/** "GGUF" read as a little-endian u32. */
const GGUF_MAGIC = 0x46554747
/** The same bytes in reverse order. */
const SWAPPED_MAGIC = 0x47475546

const DEFAULT_ALIGNMENT = 32

/** One GGUF file: a complete model or one part of a split one. */
export interface GgufPart {
  readonly version: number
  readonly metadata: Metadata
  readonly tensors: ReadonlyMap<string, StoredTensor>
}

/**
 * Reads everything but the tensor data. `start`: the first bytes, if they have already been read. Rejects as `openGguf`
 * does.
 */
export async function readPart(
  source: ByteSource,
  signal?: AbortSignal,
  start?: Uint8Array<ArrayBuffer>,
): Promise<GgufPart> {
  const cursor = new Cursor(source, { signal, window: start })
  const reader = new ValueReader(cursor)
  const version = await readVersion(cursor, reader)
  const tensorCount = await reader.count(
    'the tensor directory',
    LIMITS.tensors,
    SMALLEST_TENSOR_ENTRY_BYTES,
    'tensors',
  )
  const { values, alignment } = await readMetadata(reader)
  const entries: TensorEntry[] = []
  for (let i = 0; i < tensorCount; i++) entries.push(await readTensorEntry(cursor, reader, alignment))
  const dataStart = Math.ceil(cursor.offset / alignment) * alignment
  return {
    version,
    metadata: new Metadata(source.name, values),
    tensors: placeTensors(source, entries, dataStart),
  }
}

async function readVersion(cursor: Cursor, reader: ValueReader): Promise<number> {
  await cursor.need(4, 'the magic')
  const magic = cursor.u32()
  const bigEndian = () =>
    reader.bad('UNSUPPORTED', 'the file is big-endian', 'convert the model to little-endian')
  if (magic === SWAPPED_MAGIC) throw bigEndian()
  if (magic !== GGUF_MAGIC) throw reader.bad('BAD_FORMAT', 'the file does not begin with "GGUF"')
  await cursor.need(4, 'the version')
  const version = cursor.u32()
  if (version !== 0 && (version & 0xffff) === 0) throw bigEndian()
  if (version === 2 || version === 3) return version
  const hint = version === 1 ? 'convert the model again with a newer converter' : undefined
  throw reader.bad('UNSUPPORTED', `GGUF version ${version} is not supported; 2 and 3 are`, hint)
}

async function readMetadata(reader: ValueReader) {
  const count = await reader.count('the metadata', LIMITS.metadataKeys, SMALLEST_ENTRY_BYTES, 'keys')
  const values = new Map<string, StoredValue>()
  let alignment = DEFAULT_ALIGNMENT
  for (let i = 0; i < count; i++) {
    const { key, type, value } = await reader.entry()
    if (values.has(key)) throw reader.bad('BAD_FORMAT', `metadata key ${describeValue(key)} occurs twice`)
    values.set(key, value)
    if (key === 'general.alignment') {
      if (type !== 'u32') throw reader.bad('BAD_FORMAT', `general.alignment has type ${type}, not u32`)
      alignment = Number(value)
      if (alignment === 0 || !Number.isInteger(Math.log2(alignment))) {
        throw reader.bad('BAD_FORMAT', `general.alignment ${alignment} is not a power of two`)
      }
    }
  }
  return { values, alignment }
}
