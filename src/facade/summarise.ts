import { PAGE_POSITIONS } from '../backend/memory.js'
import { contextBytes } from '../backend/wasm/encoder/context-bytes.js'
import type { Engine } from '../backend/wasm/engine.js'
import type { EngineOptions, LookupTables } from '../backend/wasm/engine-options.js'
import { WasmExecutable } from '../backend/wasm/executable.js'
import { WASM_LIMIT } from '../backend/wasm/limits.js'
import { type OpeningOptions, openEngine } from '../backend/wasm/open-engine.js'
import { planSplit } from '../backend/wasm/split/plan.js'
import { tablesToLeave } from '../backend/wasm/tables/place-weights.js'
import { DasllamaError } from '../errors.js'
import type { ModelFile, StoredTensor } from '../gguf/model-file.js'
import { type ModelPlan, planModel, readHeader } from '../model/plan.js'
import type { Platform } from '../platform/platform.js'
import { createTokenizer } from '../tokenizer/create.js'
import type { WarningListener } from '../warnings.js'
import { readChatTemplates } from './chat-templates.js'
import { formatShares } from './format-shares.js'
import type { MemoryPart, MemorySummary, ModelSummary, TokenizerSummary } from './model-summary.js'
import { defaultContext } from './plan-for-context.js'
import { speedSummary } from './speed-class.js'

/** How to summarise: for `contextLength` positions, and at most `limit` bytes. */
interface SummaryOptions
  extends OpeningOptions,
    Pick<EngineOptions, 'kernels' | 'memorySize' | 'lookupTables'> {
  readonly contextLength: number | undefined
  readonly limit: number
  readonly warn: WarningListener | undefined
}

/** Summarises an opened file. Rejects only as `openEngine` does. */
export async function summarise(
  file: ModelFile,
  platform: Platform,
  options: SummaryOptions,
): Promise<ModelSummary> {
  const { warn } = options
  const engine = await openEngine({ ...options, threads: 1, memoryLimit: undefined }, platform, 0)
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

/** Where a model goes, and whether that is within the limits. */
interface Placed {
  readonly fits: boolean
  readonly memories: MemoryPart[]
  /** Lookup tables that stay in the file. */
  readonly inFile: readonly StoredTensor[]
}

function memorySummary(
  file: ModelFile,
  { config, program }: ModelPlan,
  engine: Engine,
  {
    contextLength = defaultContext(config),
    limit,
    memorySize = WASM_LIMIT,
    lookupTables = 'auto',
  }: SummaryOptions,
): MemorySummary {
  const { arena } = engine
  const each = Math.min(arena.available, memorySize - (arena.limit - arena.available))
  const inOne = (context: number, mode: LookupTables): Placed => {
    const sessionBytes = contextBytes(program, context)
    const available = Math.min(each, limit) - sessionBytes
    const one = WasmExecutable.memoryFor(file, program, engine, { available, lookupTables: mode })
    const part = { firstLayer: 0, layers: config.layers, modelBytes: one.bytes, sessionBytes }
    return { fits: one.bytes <= available, memories: [part], inFile: one.inFile }
  }
  const inSeveral = (context: number): Placed => {
    const inFile = lookupTables === 'file' ? tablesToLeave(file, program) : new Set<string>()
    const parts = planSplit({ file, program, engine, context, each, inFile })
    const memories = parts.map(({ layers, modelBytes, sessionBytes }): MemoryPart => {
      return { firstLayer: layers.first, layers: layers.end - layers.first, modelBytes, sessionBytes }
    })
    return {
      fits: bytesOf(memories) <= limit,
      memories,
      inFile: [...inFile].map((name) => file.tensors.get(name)!),
    }
  }
  // As when the model is loaded: tables are rather in another memory than in the file.
  const placed = (context: number): Placed => {
    if (limit <= memorySize) return inOne(context, lookupTables)
    const one = inOne(context, lookupTables === 'auto' ? 'memory' : lookupTables)
    if (one.fits) return one
    const withTablesInFile = lookupTables === 'auto' ? inOne(context, 'auto') : one
    try {
      const several = inSeveral(context)
      return several.fits || !withTablesInFile.fits ? several : withTablesInFile
    } catch (error) {
      if (withTablesInFile.fits) return withTablesInFile
      throw error
    }
  }
  const fits = (positions: number) => {
    try {
      return placed(positions).fits
    } catch {
      return false
    }
  }
  const { memories, inFile } = placed(contextLength)
  return {
    modelBytes: memories.reduce((sum, { modelBytes }) => sum + modelBytes, 0),
    sessionBytes: contextBytes(program, contextLength),
    contextLength,
    tablesInFile: inFile.map(({ name, byteLength }) => ({ name, bytes: byteLength })),
    longestContext: longestContext(config.contextLength, fits),
    memories,
  }
}

function bytesOf(memories: readonly MemoryPart[]): number {
  return memories.reduce((sum, { modelBytes, sessionBytes }) => sum + modelBytes + sessionBytes, 0)
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
