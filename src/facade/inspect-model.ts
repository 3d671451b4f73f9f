import { PAGE_POSITIONS } from '../backend/memory.js'
import { contextBytes } from '../backend/wasm/encoder/context-bytes.js'
import type { Engine } from '../backend/wasm/engine.js'
import { WasmExecutable } from '../backend/wasm/executable.js'
import { checkEngineOptions, type EngineOptions, openEngine } from '../backend/wasm/open-engine.js'
import { checkCount, checkOptions } from '../checks.js'
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
import { type SpeedSummary, speedSummary } from './speed-class.js'

/** What a model file contains, from its header alone. */
export interface ModelSummary {
  readonly fileName: string
  readonly container: ModelFile['container']
  /** GGUF version, 0 for other containers. */
  readonly version: number
  readonly architecture: string
  /** The first architecture of the family that runs the file, such as `llama` for `internlm2`; absent if none does. */
  readonly family: string | undefined
  /** `general.name`, where the file has one. */
  readonly name: string | undefined
  readonly tensors: number
  /** Number of weights. */
  readonly parameters: number
  readonly tensorBytes: number
  /** Tensors by block format, the largest share first. */
  readonly formats: readonly FormatShare[]
  /** Absent if the file cannot be run. */
  readonly config: Config | undefined
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
  /** The largest context, in steps of 128 positions, with which both take at most `memoryLimit`; 0: none. */
  readonly longestContext: number
}

/** How to inspect a model. */
export interface InspectOptions extends OpenOptions, Pick<EngineOptions, 'kernels'> {
  /** Positions for which `memory` is computed. Default: as `loadModel` chooses. */
  contextLength?: number
  /** Bytes of memory, for `memory.longestContext`. Default, and at most: the 4 GiB that WebAssembly can address. */
  memoryLimit?: number
}

/** The bytes that 32-bit WebAssembly can address. */
export const ADDRESSABLE_BYTES: number = 2 ** 32

/**
 * Summarises a model file, from its header alone. Rejects only for a file that is not a model at all, and as `loadModel` does
 * for bytes that cannot be read; `problems` lists why a model cannot be run.
 *
 * ```js
 * const { architecture, parameters, memory, problems } = await inspectModel('https://example.com/model.gguf')
 * ```
 */
export async function inspectModel(source: ModelSource, options: InspectOptions = {}): Promise<ModelSummary> {
  checkOptions(options)
  checkEngineOptions({ kernels: options.kernels })
  const { contextLength, memoryLimit = ADDRESSABLE_BYTES, onWarning } = options
  if (contextLength !== undefined) checkCount('contextLength', contextLength, 1, 2 ** 24)
  checkCount('memoryLimit', memoryLimit, 0, Number.MAX_SAFE_INTEGER)
  const limit = Math.min(memoryLimit, ADDRESSABLE_BYTES)
  return withModelFile(source, options, async (file, platform) => {
    const engine = await openEngine({ ...options, threads: 1 }, platform, 0)
    return summarise(file, engine, { contextLength, limit, warn: onWarning })
  })
}

interface SummaryOptions {
  readonly contextLength: number | undefined
  readonly limit: number
  readonly warn: WarningListener | undefined
}

function summarise(file: ModelFile, engine: Engine, options: SummaryOptions): ModelSummary {
  const { warn } = options
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
  const header = attempt(() => readHeader(file))
  const plan = header && attempt(() => planModel(file, header))
  return {
    fileName: file.name,
    container: file.container,
    version: file.version,
    architecture: text('general.architecture') ?? 'unknown',
    family: header?.family.architectures[0],
    name: text('general.name'),
    tensors: file.tensors.size,
    parameters: sum(file, (tensor) => tensor.elements),
    tensorBytes: file.tensorBytes,
    formats: formatShares(file),
    config: header?.config,
    tokenizer: attempt(() => tokenizerSummary(file, warn)),
    chatTemplates: readChatTemplates(metadata),
    memory: plan && attempt(() => memorySummary(file, plan, engine, options)),
    speed: plan && speedSummary(file, plan.program),
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

function memorySummary(
  file: ModelFile,
  { config, program }: ModelPlan,
  engine: Engine,
  { contextLength = defaultContext(config), limit }: SummaryOptions,
): MemorySummary {
  const modelBytes = WasmExecutable.bytesFor(file, program, engine)
  const fits = (positions: number) => modelBytes + contextBytes(program, positions) <= limit
  return {
    modelBytes,
    sessionBytes: contextBytes(program, contextLength),
    contextLength,
    longestContext: longestContext(config.contextLength, fits),
  }
}

/** The largest multiple of 128 up to `most`, or `most` itself, that fits; 0 if 128 does not. */
function longestContext(most: number, fits: (positions: number) => boolean): number {
  if (fits(most)) return most
  let [low, high] = [0, Math.ceil(most / PAGE_POSITIONS)]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (fits(middle * PAGE_POSITIONS)) low = middle
    else high = middle
  }
  return low * PAGE_POSITIONS
}
