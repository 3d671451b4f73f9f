import type { ByteSource } from '../storage/source.js'
import type { BlockFormat } from './block-formats.js'
import type { Metadata } from './metadata.js'

/** One tensor of a model file. */
export interface TensorInfo {
  readonly name: string
  /** ggml's order: `shape[0]` is the row length (columns), `shape[1]` the number of rows. */
  readonly shape: readonly number[]
  readonly format: BlockFormat
  /** Total number of elements. */
  readonly elements: number
  readonly byteLength: number
}

/** A tensor and the location of its data. */
export interface StoredTensor extends TensorInfo {
  readonly source: ByteSource
  /** Offset of the data in `source`, in bytes. */
  readonly offset: number
}

/** The metadata and tensor list of a model file of any container: everything but the weights. */
export interface ModelDirectory {
  readonly container: 'gguf' | 'llama2c'
  /** GGUF version, 0 for other containers. */
  readonly version: number
  /** Name of the (first) source, for messages. */
  readonly name: string
  readonly metadata: Metadata
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** Total bytes of all tensors. */
  readonly tensorBytes: number
}

/** An open model file: metadata and tensor directory are read, tensor data is not. */
export interface ModelFile extends ModelDirectory {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  /** Closes every source, including those of split parts. */
  close(): Promise<void>
}
