import type { ByteSource } from '../storage/source.js'
import type { BlockFormat } from './block-formats.js'
import type { Metadata } from './metadata.js'

/** What a model file says of one of its tensors. */
export interface TensorInfo {
  readonly name: string
  /** ggml's order: `shape[0]` is the row length (columns), `shape[1]` the number of rows. */
  readonly shape: readonly number[]
  readonly format: BlockFormat
  /** Elements altogether. */
  readonly elements: number
  readonly byteLength: number
}

/** A tensor and where its bytes are. */
export interface StoredTensor extends TensorInfo {
  readonly source: ByteSource
  /** Where the data begins, in bytes from the start of `source`. */
  readonly offset: number
}

/** What a model file of any container says of the model: everything but the weights. */
export interface ModelDirectory {
  readonly container: 'gguf' | 'llama2c'
  /** GGUF version, 0 for other containers. */
  readonly version: number
  /** Name of the (first) source, for messages. */
  readonly name: string
  readonly metadata: Metadata
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** Bytes of all tensors together. */
  readonly tensorBytes: number
}

/** A model file, opened: metadata and tensor directory read, tensor data not yet. */
export interface ModelFile extends ModelDirectory {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  /** Closes every source, split parts included. */
  close(): Promise<void>
}
