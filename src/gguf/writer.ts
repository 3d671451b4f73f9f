import { DasllamaError } from '../errors.js'
import { type BlockFormat, blockFormat, bytesFor } from './block-formats.js'
import { ByteWriter } from './byte-writer.js'
import { type EncodedValue, type TypedValue, u32 } from './typed-value.js'

/** A tensor's entry in the directory. */
export interface TensorHead {
  readonly name: string
  /** ggml's order: `shape[0]` is the row length. */
  readonly shape: readonly number[]
  /** A block format or its name in ggml. */
  readonly format: BlockFormat | string
}

/** A tensor to write. */
export interface TensorToWrite extends TensorHead {
  /** The blocks, or a function that creates them when they are written. */
  readonly data: Uint8Array | (() => Uint8Array)
}

/** The contents of a GGUF file, in the order in which they are written. */
export interface GgufParts<T extends TensorHead = TensorToWrite> {
  readonly metadata: Iterable<readonly [key: string, value: TypedValue | EncodedValue]>
  readonly tensors: Iterable<T>
  /** Of the tensor data, in bytes: a power of two. Default 32; any other is written as `general.alignment`. */
  readonly alignment?: number
  /** Default 3. */
  readonly version?: 2 | 3
}

const DEFAULT_ALIGNMENT = 32

/**
 * Creates a complete GGUF file. Source: the GGUF specification (docs/gguf.md in ggml).
 * Throws `INVALID_ARGUMENT` if the contents do not form a valid file.
 */
export function writeGguf(parts: GgufParts): Uint8Array {
  const { header, tensors, alignment, size } = layOut(parts)
  const file = new Uint8Array(size)
  let at = 0
  for (const chunk of chunksOf(header, tensors, alignment)) {
    file.set(chunk, at)
    at += chunk.length
  }
  return file
}

/**
 * The same file as consecutive chunks, one tensor at a time, so that a model larger than memory can be written to disk.
 * Throws as `writeGguf` does, before the first chunk except for tensor data of the wrong length.
 */
export function ggufChunks(parts: GgufParts): Generator<Uint8Array, void, undefined> {
  const { header, tensors, alignment } = layOut(parts)
  return chunksOf(header, tensors, alignment)
}

/** A tensor with its place in the file. */
export type PlacedTensor<T extends TensorHead = TensorToWrite> = T & {
  readonly format: BlockFormat
  readonly byteLength: number
  /** From the beginning of the file, in bytes. */
  readonly offset: number
}

/** Where everything goes in a file. */
export interface GgufLayout<T extends TensorHead = TensorToWrite> {
  /** Everything before the first tensor, padding included. */
  readonly header: Uint8Array
  /** In the order given. */
  readonly tensors: readonly PlacedTensor<T>[]
  readonly alignment: number
  /** Of the whole file, in bytes. */
  readonly size: number
}

/**
 * Lays a file out without its data, for those who write them at their places: bytes between tensors are zeros. Throws as
 * `writeGguf` does.
 */
export function layOut<T extends TensorHead>(parts: GgufParts<T>): GgufLayout<T> {
  const alignment = parts.alignment ?? DEFAULT_ALIGNMENT
  if (!(alignment > 0 && Number.isInteger(Math.log2(alignment)))) {
    throw new DasllamaError('INVALID_ARGUMENT', `alignment ${alignment} is not a power of two`)
  }
  const metadata = new Map(parts.metadata)
  if (metadata.has('general.alignment')) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      'general.alignment is set by `alignment`, not in the metadata',
    )
  }
  if (alignment !== DEFAULT_ALIGNMENT) metadata.set('general.alignment', u32(alignment))

  const heads = Array.from(parts.tensors, sized)
  const names = new Set<string>()
  for (const { name } of heads) {
    if (names.has(name)) throw new DasllamaError('INVALID_ARGUMENT', `tensor "${name}" is given twice`)
    names.add(name)
  }

  const writer = new ByteWriter()
  writer.raw([0x47, 0x47, 0x55, 0x46])
  writer
    .u32(parts.version ?? 3)
    .u64(heads.length)
    .u64(metadata.size)
  for (const [key, value] of metadata) writer.string(key).typed(value)
  const offsets: number[] = []
  let offset = 0
  for (const { name, shape, format, byteLength } of heads) {
    writer.string(name).u32(shape.length)
    for (const dimension of shape) writer.u64(dimension)
    writer.u32(format.id).u64(offset)
    offsets.push(offset)
    offset += roundUp(byteLength, alignment)
  }
  writer.align(alignment)
  const header = writer.toBytes()
  const tensors = heads.map((head, index) => ({ ...head, offset: header.length + offsets[index] }))
  return { header, tensors, alignment, size: header.length + offset }
}

function sized<T extends TensorHead>(tensor: T): T & { format: BlockFormat; byteLength: number } {
  const format = typeof tensor.format === 'string' ? blockFormat(tensor.format) : tensor.format
  const { name, shape } = tensor
  const refuse = (why: string) =>
    new DasllamaError('INVALID_ARGUMENT', `tensor "${name}" [${shape.join(', ')}] ${why}`)
  if (shape.length < 1 || shape.length > 4) throw refuse('does not have 1 to 4 dimensions')
  if (!shape.every((dimension) => Number.isSafeInteger(dimension) && dimension > 0)) {
    throw refuse('has a dimension that is not a positive integer')
  }
  if (shape[0] % format.blockElements !== 0) {
    throw refuse(`has a row that is not a multiple of ${format.name}'s block size ${format.blockElements}`)
  }
  const elements = shape.reduce((product, dimension) => product * dimension, 1)
  return { ...tensor, format, byteLength: bytesFor(format, elements) }
}

function* chunksOf(header: Uint8Array, tensors: readonly PlacedTensor[], alignment: number) {
  yield header
  for (const { name, data, byteLength } of tensors) {
    const bytes = typeof data === 'function' ? data() : data
    if (bytes.length !== byteLength) {
      throw new DasllamaError(
        'INVALID_ARGUMENT',
        `tensor "${name}" needs ${byteLength} bytes of data, but ${bytes.length} are given`,
      )
    }
    yield bytes
    const padding = roundUp(byteLength, alignment) - byteLength
    if (padding > 0) yield new Uint8Array(padding)
  }
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}
