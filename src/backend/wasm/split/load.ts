import { describeFailure, displayName, mebibytes } from '../../../describe.js'
import { DasllamaError } from '../../../errors.js'
import type { ModelFile } from '../../../gguf/model-file.js'
import type { Program } from '../../program.js'
import type { Engine } from '../engine.js'
import type { LookupTables } from '../engine-options.js'
import { type LoadOptions, loadedWeights, loading, WasmExecutable } from '../executable.js'
import type { Pointer } from '../kernels.js'
import { tablesToLeave } from '../tables/place-weights.js'
import { Weights } from '../weights.js'
import { SplitExecutable } from './executable.js'
import { limitsOf, type PartPlan, planSplit, type SplitInput } from './plan.js'

/** How a program is divided among memories, within a limit. */
export interface SplitPlan {
  readonly parts: readonly PartPlan[]
  /** The most bytes of each memory, besides the kernels' static data. */
  readonly limits: readonly number[]
  /** Lookup tables that stay in the file. */
  readonly inFile: ReadonlySet<string> | undefined
}

/** Room for a program: see `SplitInput`, and the limit of all memories together, in bytes. */
export type SplitRoom = Pick<SplitInput, 'context'> & {
  readonly memoryLimit: number
  readonly lookupTables: LookupTables
}

/**
 * Divides a program that does not fit into the memory of `first`. Lookup tables are in a memory unless all of them are to stay in
 * the file. Throws `OUT_OF_MEMORY` for one that does not fit into the limit.
 */
export function planWithin(
  file: ModelFile,
  program: Program,
  first: Engine,
  { context, memoryLimit, lookupTables }: SplitRoom,
): SplitPlan {
  const each = first.arena.available
  const inFile = lookupTables === 'file' ? tablesToLeave(file, program) : undefined
  const parts = planSplit({ file, program, engine: first, context, each, inFile })
  const total = memoryLimit - parts.length * staticBytes(first)
  const need = parts.reduce((sum, { modelBytes, sessionBytes }) => sum + modelBytes + sessionBytes, 0)
  if (need > total) throw exceedsLimit(file, { need, total, count: parts.length })
  return { parts, limits: limitsOf(parts, { each, total }), inFile }
}

export interface SplitLoadOptions extends Omit<LoadOptions, 'reserve' | 'lookupTables'> {
  /** Opens an engine like the first one. */
  readonly openEngine: () => Promise<Engine>
}

/**
 * Loads a program that has been divided. Throws `OUT_OF_MEMORY`, before reading a weight, if the runtime does not grant the
 * memories, and errors of reading the file. Engines that it has opened are shut down then.
 */
export async function loadSplit(
  file: ModelFile,
  program: Program,
  first: Engine,
  { parts, limits, inFile }: SplitPlan,
  options: SplitLoadOptions,
): Promise<SplitExecutable> {
  const { openEngine, signal, onWarning } = options
  const engines = [first]
  try {
    const placed: { weights: Weights; base: Pointer }[] = []
    for (const [index, { program: own }] of parts.entries()) {
      try {
        if (index > 0) engines.push(await openEngine())
        const engine = engines[index]
        engine.arena.lowerLimit(staticBytes(engine) + limits[index])
        const weights = new Weights(file, own, engine, { inFile, modelBytes: file.tensorBytes })
        placed.push({ weights, base: engine.arena.allocate(weights.bytes, 'the weights') })
      } catch (cause) {
        signal?.throwIfAborted()
        throw refused(file, parts, index, cause)
      }
    }
    await Weights.loadAll(placed, ...loading(options, fileBytesOf(file, program)))
    const stages = parts.map(({ stages }, index) =>
      stages.map(({ program, boundary, memories }, stage) => {
        const [engine, { weights }] = [engines[index], placed[index]]
        const loaded = loadedWeights(file, weights, engine, onWarning)
        // Rows are read once for all stages of a part.
        const own = stage === 0 ? loaded : { ...loaded, tables: undefined }
        return { executable: new WasmExecutable(program, engine, own, boundary), memories }
      }),
    )
    // The first part's second stage, if there is one, is the end of the program.
    const inOrder = [...stages.map(([stage]) => stage), ...stages[0].slice(1)]
    return new SplitExecutable(program, inOrder, engines)
  } catch (error) {
    for (const { pool } of engines) void pool.shutDown()
    throw error
  }
}

/** Of an engine's kernels. */
function staticBytes({ arena }: Engine): number {
  return arena.limit - arena.available
}

function fileBytesOf(file: ModelFile, { tensors }: Program): number {
  return [...tensors.keys()].reduce((sum, name) => sum + file.tensors.get(name)!.byteLength, 0)
}

function exceedsLimit(
  { name }: ModelFile,
  { need, total, count }: { need: number; total: number; count: number },
): DasllamaError {
  return new DasllamaError(
    'OUT_OF_MEMORY',
    `${displayName(name)} needs ${mebibytes(need)} in ${count} memories, and ${mebibytes(total)} are allowed`,
    { hint: 'use a smaller quantisation or contextLength, or raise memoryLimit' },
  )
}

/** The runtime has not granted memory number `index`. */
function refused({ name }: ModelFile, parts: readonly PartPlan[], index: number, cause: unknown) {
  const sizes = parts.map(({ modelBytes, sessionBytes }) => mebibytes(modelBytes + sessionBytes))
  const granted = index === 0 ? 'none of them' : `only the first ${index === 1 ? '' : `${index} `}of them`
  return new DasllamaError(
    'OUT_OF_MEMORY',
    `${displayName(name)} needs ${parts.length} memories, of ${sizes.join(' and ')}; this runtime has granted ${granted}: ${describeFailure(cause)}`,
    {
      hint: 'close other pages and programs, set a smaller memorySize, use a smaller quantisation, or a runtime or machine with more memory',
      cause,
    },
  )
}
