import type { DasllamaError } from '../errors.js'
import type { ModelFile } from '../gguf/model-file.js'
import type { Config } from '../model/config.js'
import type { SpecialToken, TokenId } from '../tokenizer/tokenizer.js'
import type { SpeedSummary } from './speed-class.js'

/** What a model file contains, from its header alone. */
export interface ModelSummary {
  /** The file's name, of a split model that of its first part. */
  readonly fileName: string
  /** The kind of file. */
  readonly container: ModelFile['container']
  /** GGUF version, 0 for other containers. */
  readonly version: number
  /** `general.architecture`. */
  readonly architecture: string
  /** The first architecture of the family that runs the file, such as `llama` for `internlm2`; absent if none does. */
  readonly family: string | undefined
  /** `general.name`, where the file has one. */
  readonly name: string | undefined
  /** Number of tensors. */
  readonly tensors: number
  /** Number of weights. */
  readonly parameters: number
  /** Bytes of all tensors in the file. */
  readonly tensorBytes: number
  /** Tensors by block format, the largest share first. */
  readonly formats: readonly FormatShare[]
  /** Absent if the file cannot be run. */
  readonly config: Config | undefined
  /** Absent if the file has no vocabulary. */
  readonly tokenizer: TokenizerSummary | undefined
  /** The file's chat templates by name, the main one as `default`; none where the file has none. */
  readonly chatTemplates: ReadonlyMap<string, string>
  /** Bytes of memory that running it takes. Absent if the file cannot be run. */
  readonly memory: MemorySummary | undefined
  /** Absent for encoders, and if the file cannot be run. */
  readonly speed: SpeedSummary | undefined
  /** Why the model, or its tokenizer, cannot be used here. */
  readonly problems: readonly DasllamaError[]
}

/** The part of a file in one block format. `bytes` are those of the tensors. */
export interface FormatShare {
  /** ggml's name, such as `Q4_K`. */
  readonly format: string
  /** Number of tensors in this format. */
  readonly tensors: number
  /** Weights in this format. */
  readonly parameters: number
  /** Their bytes in the file. */
  readonly bytes: number
}

/** A file's tokenizer, as its metadata describe it. */
export interface TokenizerSummary {
  /** `tokenizer.ggml.model`. */
  readonly model: string
  /** `tokenizer.ggml.pre`, where the file has it. */
  readonly pre: string | undefined
  /** Number of tokens. */
  readonly vocabSize: number
  /** The token that begins a text; absent if the file names none. */
  readonly bosId: TokenId | undefined
  /** The token that ends a text; absent if the file names none. */
  readonly eosId: TokenId | undefined
  /** The control tokens and the user-defined ones. */
  readonly specialTokens: readonly SpecialToken[]
}

/** Bytes of memory that running a model takes. */
export interface MemorySummary {
  /** Weights and scratch. */
  readonly modelBytes: number
  /** What a session with an f16 cache, or a text of an encoder, takes at most, when `contextLength` positions are in use. */
  readonly sessionBytes: number
  /** Tokens that `sessionBytes` is computed for. */
  readonly contextLength: number
  /** Lookup tables that stay in the file, and their bytes there: see the option `lookupTables`. */
  readonly tablesInFile: readonly { readonly name: string; readonly bytes: number }[]
  /** The largest context, in steps of 128 positions, with which both take at most `memoryLimit`; 0: none. */
  readonly longestContext: number
  /** The WebAssembly memories that the model is divided among, in the order of its layers: one where it fits. */
  readonly memories: readonly MemoryPart[]
}

/** What one WebAssembly memory has of a model. */
export interface MemoryPart {
  /** Number of its first layer, from 0. */
  readonly firstLayer: number
  /** Number of its layers: 0 for one with the embedding, or the output layer, alone. */
  readonly layers: number
  /** Bytes of weights and scratch. */
  readonly modelBytes: number
  /** Its part of the session's bytes. */
  readonly sessionBytes: number
}
