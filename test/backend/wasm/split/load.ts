import type { Engine } from '../../../../src/backend/wasm/engine.js'
import { WasmExecutable } from '../../../../src/backend/wasm/executable.js'
import type { SplitExecutable } from '../../../../src/backend/wasm/split/executable.js'
import {
  loadSplit,
  planWithin,
  type SplitLoadOptions,
  type SplitRoom,
} from '../../../../src/backend/wasm/split/load.js'
import { type PartPlan, planSplit } from '../../../../src/backend/wasm/split/plan.js'
import type { ModelFile } from '../../../../src/gguf/model-file.js'
import { openGguf } from '../../../../src/gguf/reader.js'
import { planModel } from '../../../../src/model/plan.js'
import { bytesSource } from '../../../../src/storage/bytes.js'
import { engineOf } from '../load.js'

/** Positions of the sequence for which memories are planned. */
export const CONTEXT = 1024

/** A model in several memories, with what they are. */
export interface InParts {
  readonly executable: SplitExecutable
  readonly engines: readonly Engine[]
  readonly parts: readonly PartPlan[]
}

/** Loads a model into `count` memories: those of the largest size with which it needs so many. */
export async function loadInParts(
  model: Uint8Array,
  count: number,
  {
    threads = 1,
    memoryLimit = 2 ** 36,
    lookupTables = 'memory',
    ...options
  }: { threads?: number } & Partial<SplitLoadOptions & SplitRoom> = {},
): Promise<InParts> {
  const file = await openGguf(bytesSource(model, 'm.gguf'))
  const first = await engineOf({ threads })
  const { parts, each } = largestMemories(file, first, count)
  const used = first.arena.limit - first.arena.available
  first.arena.lowerLimit(used + each)
  const engines = [first]
  const openEngine = async () => {
    engines.push(await engineOf({ threads }))
    return engines[engines.length - 1]
  }
  const { program } = planModel(file)
  const plan = planWithin(file, program, first, { context: CONTEXT, memoryLimit, lookupTables })
  const executable = await loadSplit(file, program, first, plan, { openEngine, ...options })
  return { executable, engines, parts }
}

/** The largest size of memories, to the nearest percent, with which a file needs `count`, and its plan. */
export function largestMemories(file: ModelFile, engine: Engine, count: number) {
  const { program } = planModel(file)
  let each = 3 * WasmExecutable.memoryFor(file, program, engine, { available: 0 }).bytes
  for (; ; each *= 0.99) {
    const parts = planSplit({ file, program, engine, context: CONTEXT, each })
    if (parts.length === count) return { parts, each }
    if (parts.length > count) throw new Error(`no size gives ${count} memories`)
  }
}
