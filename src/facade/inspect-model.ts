import { contextBytes } from '../backend/wasm/encoder/context-bytes.js'
import type { Engine } from '../backend/wasm/engine.js'
import { WasmExecutable } from '../backend/wasm/executable.js'
import { checkEngineOptions, type EngineOptions, openEngine } from '../backend/wasm/open-engine.js'
import { checkOptions } from '../checks.js'
import { DasllamaError } from '../errors.js'
import type { ModelFile } from '../gguf/model-file.js'
import type { Config } from '../model/config.js'
import { type ModelPlan, planModel, readHeader } from '../model/plan.js'
import type { ModelSource } from '../storage/open-source.js'
import { createTokenizer } from '../tokenizer/create.js'
import type { SpecialToken, TokenId } from '../tokenizer/tokenizer.js'
import type { WarningListener } from '../warnings.js'
import { readChatTemplates } from './chat-templates.js'
import { defaultContext } from './load-model.js'
import { type OpenOptions, withModelFile } from './open.js'

/** What a model file holds, learnt without reading a weight. */
export interface ModelSummary {
  readonly fileName: string
  readonly container: ModelFile['container']
  /** GGUF version, 0 for other containers. */
  readonly version: number
  readonly architecture: string
  /** `general.name`, where the file has one. */
  readonly name: string | undefined
  readonly tensors: number
  /** Weights altogether. */
  readonly parameters: number
  readonly tensorBytes: number
  /** Tensors by block format, the largest share first. */
  readonly formats: readonly FormatShare[]
  /** Absent where the file is not one that runs. */
  readonly config: Config | undefined
  readonly tokenizer: TokenizerSummary | undefined
  /** The file's chat templates by name, the main one as `default`; none where the file has none. */
  readonly chatTemplates: ReadonlyMap<string, string>
  /** Bytes of memory that running it takes. */
  readonly memory: MemorySummary | undefined
  /** Why the model, or its tokenizer, cannot be used here. */
  readonly problems: readonly DasllamaError[]
}

/** What of a file is in one block format. `bytes` are those of the tensors. */
export interface FormatShare {
  readonly format: string
  readonly tensors: number
  readonly parameters: number
  readonly bytes: number
}

/** A file's tokenizer, as its metadata describe it. */
export interface TokenizerSummary {
  /** `tokenizer.ggml.model`. */
  readonly model: string
  /** `tokenizer.ggml.pre`, where the file has it. */
  readonly pre: string | undefined
  readonly vocabSize: number
  readonly bosId: TokenId | undefined
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
  readonly contextLength: number
}

/**
 * Summarises a model file, from its header alone. Rejects only for what is not a model file at all, and as `loadModel` does
 * where bytes cannot be had; see `problems` for what does not run.
 *
 * ```js
 * const { architecture, parameters, memory, problems } = await inspectModel('https://example.com/model.gguf')
 * ```
 */
export async function inspectModel(
  source: ModelSource,
  options: OpenOptions & Pick<EngineOptions, 'kernels'> = {},
): Promise<ModelSummary> {
  checkOptions(options)
  checkEngineOptions({ kernels: options.kernels })
  return withModelFile(source, options, async (file, platform) =>
    summarise(file, await openEngine({ ...options, threads: 1 }, platform, 0), options.onWarning),
  )
}

function summarise(file: ModelFile, engine: Engine, warn: WarningListener | undefined): ModelSummary {
  const { metadata } = file
  const problems: DasllamaError[] = []
  /** The value, or its error among the problems. */
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof DasllamaError)) throw error
      problems.push(error)
      return undefined
    }
  }
  const text = (key: string): string | undefined => {
    const value = metadata.get(key)
    return typeof value === 'string' ? value : undefined
  }
  const config = attempt(() => readHeader(file).config)
  return {
    fileName: file.name,
    container: file.container,
    version: file.version,
    architecture: text('general.architecture') ?? 'unknown',
    name: text('general.name'),
    tensors: file.tensors.size,
    parameters: sum(file, (tensor) => tensor.elements),
    tensorBytes: file.tensorBytes,
    formats: formatShares(file),
    config,
    tokenizer: attempt(() => tokenizerSummary(file, warn)),
    chatTemplates: readChatTemplates(metadata),
    memory: config && attempt(() => memorySummary(file, planModel(file), engine)),
    problems,
  }
}

function formatShares(file: ModelFile): FormatShare[] {
  const names = new Set([...file.tensors.values()].map((tensor) => tensor.format.name))
  return [...names]
    .map((format) => {
      const of = (count: number, name: string) => (name === format ? count : 0)
      return {
        format,
        tensors: sum(file, (tensor) => of(1, tensor.format.name)),
        parameters: sum(file, (tensor) => of(tensor.elements, tensor.format.name)),
        bytes: sum(file, (tensor) => of(tensor.byteLength, tensor.format.name)),
      }
    })
    .sort((a, b) => b.bytes - a.bytes)
}

function sum(
  file: ModelFile,
  count: (tensor: ReturnType<ModelFile['tensors']['get']> & object) => number,
): number {
  let total = 0
  for (const tensor of file.tensors.values()) total += count(tensor)
  return total
}

function tokenizerSummary({ metadata }: ModelFile, warn: WarningListener | undefined): TokenizerSummary {
  const { vocabSize, bosId, eosId, specialTokens } = createTokenizer(metadata, warn)
  return {
    model: metadata.string('tokenizer.ggml.model'),
    pre: metadata.has('tokenizer.ggml.pre') ? metadata.string('tokenizer.ggml.pre') : undefined,
    vocabSize,
    bosId,
    eosId,
    specialTokens,
  }
}

function memorySummary(file: ModelFile, { config, program }: ModelPlan, engine: Engine): MemorySummary {
  const contextLength = defaultContext(config)
  return {
    modelBytes: WasmExecutable.bytesFor(file, program, engine),
    sessionBytes: contextBytes(program, contextLength),
    contextLength,
  }
}
