import type { ByteSource } from '../storage/source.js'
import type { BlockFormat } from './block-formats.js'
import type { Metadata } from './metadata.js'

/** One tensor of a model file: where its bytes are and what they mean. */
export interface TensorInfo {
  readonly name: string
  /** ggml's order: `shape[0]` is the row length (columns), `shape[1]` the number of rows. */
  readonly shape: readonly number[]
  readonly format: BlockFormat
  /** Elements altogether. */
  readonly elements: number
  readonly source: ByteSource
  /** Where the data begins, in bytes from the start of `source`. */
  readonly offset: number
  readonly byteLength: number
}

/** A model file of any container, opened: metadata and tensor directory read, tensor data not yet. */
export interface ModelFile {
  readonly container: 'gguf' | 'llama2c'
  /** GGUF version, 0 for other containers. */
  readonly version: number
  /** Name of the (first) source, for messages. */
  readonly name: string
  readonly metadata: Metadata
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** Bytes of all tensors together. */
  readonly tensorBytes: number
  /** Closes every source, split parts included. */
  close(): Promise<void>
}
