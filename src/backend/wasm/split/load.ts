import { describeFailure, displayName, mebibytes } from '../../../describe.js'
import { DasllamaError } from '../../../errors.js'
import type { ModelFile } from '../../../gguf/model-file.js'
import type { Program } from '../../program.js'
import type { Engine } from '../engine.js'
import { type LoadOptions, loading, WasmExecutable } from '../executable.js'
import { Weights } from '../weights.js'
import { SplitExecutable } from './executable.js'
import { limitsOf, type PartPlan, planSplit } from './plan.js'

export interface SplitLoadOptions extends Omit<LoadOptions, 'reserve'> {
  /** Positions of a sequence that must fit besides the model. */
  readonly context: number
  /** Limit of all memories together, in bytes. */
  readonly memoryLimit: number
  /** Opens an engine like the first one. */
  readonly openEngine: () => Promise<Engine>
}

/**
 * Loads a program that does not fit into the memory of `first` into as many memories as it needs. Throws `OUT_OF_MEMORY`, before
 * reading a weight, for one that fits neither into the limit nor into what the runtime grants, and errors of reading the
 * file. Engines that it has opened are shut down then.
 */
export async function loadSplit(
  file: ModelFile,
  program: Program,
  first: Engine,
  options: SplitLoadOptions,
): Promise<SplitExecutable> {
  const { context, memoryLimit, openEngine, signal } = options
  // Of every engine: the kernels' static data.
  const used = first.arena.limit - first.arena.available
  const each = first.arena.available
  const parts = planSplit({ file, program, engine: first, context, each })
  const total = memoryLimit - parts.length * used
  const need = parts.reduce((sum, { modelBytes, sessionBytes }) => sum + modelBytes + sessionBytes, 0)
  if (need > total) throw exceedsLimit(file, { need, total, count: parts.length })
  const limits = limitsOf(parts, { each, total })
  const engines = [first]
  try {
    const placed: { weights: Weights; base: ReturnType<Engine['arena']['allocate']> }[] = []
    for (const [index, { program: own }] of parts.entries()) {
      try {
        if (index > 0) engines.push(await openEngine())
        const engine = engines[index]
        engine.arena.lowerLimit(used + limits[index])
        const weights = new Weights(file, own, engine, file.tensorBytes)
        placed.push({ weights, base: engine.arena.allocate(weights.bytes, 'the weights') })
      } catch (cause) {
        signal?.throwIfAborted()
        throw refused(file, parts, index, cause)
      }
    }
    await Weights.loadAll(placed, ...loading(options, fileBytesOf(file, program)))
    const stages = parts.map(({ stages }, index) =>
      stages.map(({ program, boundary, memories }) => {
        const { weights } = placed[index]
        return { executable: new WasmExecutable(program, engines[index], weights, boundary), memories }
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
