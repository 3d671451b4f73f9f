import type { ByteSource } from '../storage/source.js'
import type { BlockFormat } from './block-formats.js'
import type { Metadata } from './metadata.js'

/** One tensor of a model file: location and format of its data. */
export interface TensorInfo {
  readonly name: string
  /** ggml's order: `shape[0]` is the row length (columns), `shape[1]` the number of rows. */
  readonly shape: readonly number[]
  readonly format: BlockFormat
  /** Total number of elements. */
  readonly elements: number
  readonly source: ByteSource
  /** Offset of the data in `source`, in bytes. */
  readonly offset: number
  readonly byteLength: number
}

/** An open model file of any container: metadata and tensor directory are read, tensor data is not. */
export interface ModelFile {
  readonly container: 'gguf' | 'llama2c'
  /** GGUF version, 0 for other containers. */
  readonly version: number
  /** Name of the (first) source, for messages. */
  readonly name: string
  readonly metadata: Metadata
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** Total bytes of all tensors. */
  readonly tensorBytes: number
  /** Closes every source, including those of split parts. */
  close(): Promise<void>
}
