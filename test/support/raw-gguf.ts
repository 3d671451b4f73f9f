import { ByteWriter } from '../../src/gguf/byte-writer.js'
import type { TypedValue } from '../../src/gguf/typed-value.js'

/** A directory entry, valid or not. */
export interface RawTensor {
  readonly name?: string
  readonly shape?: readonly (number | bigint)[]
  readonly type?: number
  readonly offset?: number | bigint
}

export interface RawGguf {
  readonly magic?: string
  readonly version?: number
  readonly tensorCount?: number | bigint
  readonly metadataCount?: number | bigint
  readonly metadata?: readonly (readonly [key: string | Uint8Array, value: TypedValue])[]
  /** Metadata that no typed value can express, as bytes. Counts as one key. */
  readonly rawMetadata?: Uint8Array
  readonly tensors?: readonly RawTensor[]
  readonly alignment?: number
  /** Bytes after the padded header. Default: enough for `RawTensor`'s defaults. */
  readonly data?: number
}

/** A GGUF file written without checks, to test the reader's checks. Default: one valid tensor of 32 f32 zeros. */
export function rawGguf(file: RawGguf): Uint8Array {
  const { metadata = [], rawMetadata, tensors = [{}], alignment = 32, data = 128 } = file
  const writer = new ByteWriter()
  writer.raw(new TextEncoder().encode(file.magic ?? 'GGUF')).u32(file.version ?? 3)
  writer.u64(file.tensorCount ?? tensors.length)
  writer.u64(file.metadataCount ?? metadata.length + (rawMetadata ? 1 : 0))
  for (const [key, value] of metadata) writer.string(key).typed(value)
  if (rawMetadata) writer.raw(rawMetadata)
  for (const { name = 'a', shape = [32], type = 0, offset = 0 } of tensors) {
    writer.string(name).u32(shape.length)
    for (const dimension of shape) writer.u64(dimension)
    writer.u32(type).u64(offset)
  }
  writer.align(alignment).raw(new Uint8Array(data))
  return writer.toBytes()
}
