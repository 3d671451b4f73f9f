import type { PackedDirectory } from '../../gguf/packed-directory.js'
import type { FileHandle } from '../../storage/model-source.js'
import type { Warning } from '../../warnings.js'
import type { LoadProgress } from '../engine-host.js'
import type { Program } from '../program.js'
import type { EngineOptions } from '../wasm/engine-options.js'
import type { ExecutableDescription } from './messages.js'
import type { SourceDescription } from './source-messages.js'

/** A model source as it crosses a port. */
export type PostedSource =
  /** A path or an absolute URL, opened by the engine's thread. */
  | { readonly kind: 'name'; readonly name: string }
  /** Posted unchanged, and read by the engine's thread. */
  | { readonly kind: 'content'; readonly content: Uint8Array | Blob | FileHandle }
  /** Readable only by the caller's thread, which serves it. */
  | { readonly kind: 'served'; readonly source: SourceDescription }

/** `open`: answered with a `PackedDirectory`. Once per channel. */
export interface OpenRequest {
  readonly source: PostedSource
  readonly tokenizer: PostedSource | undefined
  /** See `OpenModelOptions`. */
  readonly options: {
    readonly headers?: Readonly<Record<string, string>> | undefined
    readonly retries?: number | undefined
    readonly stallTimeout?: number | undefined
    readonly maxBufferedBytes?: number | undefined
  }
  readonly engine: EngineOptions
}
export type OpenReply = PackedDirectory

/** `load`: follows `open`; answered with a `LoadReply`. From then on the thread serves the executable. */
export interface LoadRequest {
  readonly program: Program
  /** See `LoadingOptions`. */
  readonly context: number
}
export type LoadEvent = { readonly warning: Warning } | { readonly progress: LoadProgress }
export interface LoadReply {
  readonly executable: ExecutableDescription
  /** Of `TensorSamples`. */
  readonly samples: Map<string, Uint8Array>
}
