import { displayName, mebibytes } from '../../../describe.js'
import { DasllamaError } from '../../../errors.js'
import type { ModelFile } from '../../../gguf/model-file.js'
import { isEncoder, type Program } from '../../program.js'
import type { Engine } from '../engine.js'
import { workBytes } from '../executable.js'
import { sequenceBytes } from '../kv-layout.js'
import { MOST_MEMORIES } from '../limits.js'
import { Weights } from '../weights.js'
import { memoriesOf, possibleCuts, ropeTensors, type Stage, stagesOf, tensorsOf } from './stages.js'

/** One memory's part of a program. */
export interface PartPlan {
  /** Its layers: `first` to `end`, exclusive. */
  readonly layers: { readonly first: number; readonly end: number }
  /** All of its operations: what its weights are for. */
  readonly program: Program
  /** What it runs: its layers; in the first part also the end of the model, if that reads the embedding's matrix. */
  readonly stages: readonly Stage[]
  /** Bytes of weights and scratch. */
  readonly modelBytes: number
  /** Bytes of a sequence of the planned length with an f16 cache. */
  readonly sessionBytes: number
}

/** What a program is divided by. */
export interface SplitInput {
  readonly file: ModelFile
  readonly program: Program
  /** Its kernels say what a tensor and the scratch take. */
  readonly engine: Engine
  /** Positions of a sequence that fits besides the model. */
  readonly context: number
  /** Usable bytes of a memory. */
  readonly each: number
  /** Lookup tables that stay in the file. Default: none. */
  readonly inFile?: ReadonlySet<string> | undefined
}

/** Consecutive operations that stay together. */
interface Unit {
  readonly from: number
  /** `undefined`: the end of the program. */
  readonly to: number | undefined
  readonly tensors: ReadonlySet<string>
  readonly sessionBytes: number
}

/**
 * Divides a program among as few memories as possible, by whole layers, and among these so that sequences can grow as far
 * as possible before the first memory is full.
 *
 * The embedding belongs to the first part, and the end of the model to the last one. If both read the same matrix, the first
 * part computes the end of the model too: a state of a few kilobytes crosses once more, instead of a matrix of up to a
 * gigabyte being held twice. Throws `OUT_OF_MEMORY` if a part would not fit into a memory.
 */
export function planSplit({ file, program, engine, context, each, inFile }: SplitInput): PartPlan[] {
  const cuts = possibleCuts(program)
  if (isEncoder(program) || cuts.length === 0) throw cannotDivide(file, each)
  const all = new Weights(file, program, engine, { inFile })
  const unitOf = (from: number, to: number | undefined): Unit => {
    const specs = memoriesOf(program, from, to).map((memory) => program.memories[memory])
    return {
      ...{ from, to, tensors: tensorsOf(program, from, to) },
      sessionBytes: sequenceBytes(specs, context, 'f16'),
    }
  }
  const starts = [0, ...cuts]
  let units = starts.map((from, index) => unitOf(from, starts[index + 1]))
  const [first, last] = [units[0], units[units.length - 1]]
  const isTied = [...last.tensors].some((name) => first.tensors.has(name))
  if (isTied) {
    units = [{ ...first, tensors: new Set([...first.tensors, ...last.tensors]) }, ...units.slice(1, -1)]
  }
  const work = workBytes(program, engine)
  const headWork = isTied ? stageBytes(stagesOf(program, [cuts[cuts.length - 1]])[1], engine) : 0
  const fixed = ropeTensors(program)
  const fill = (sequences: number): Unit[][] => {
    const parts: Unit[][] = []
    for (const unit of units) {
      const part = parts.at(-1)
      const bytes = (candidate: readonly Unit[]) => {
        const scratch = work + (candidate[0] === units[0] ? headWork : 0)
        return weightBytes(all, fixed, candidate) + scratch + sequences * sessionBytesOf(candidate)
      }
      if (part && bytes([...part, unit]) <= each) part.push(unit)
      else if (bytes([unit]) <= each) parts.push([unit])
      else throw doesNotFit(file, program, unit, { need: bytes([unit]), each })
    }
    return parts
  }
  const fewest = fill(1)
  if (fewest.length > MOST_MEMORIES) throw tooMany(file, fewest.length, each)
  const best = balanced(fewest, fill)
  return partsOf(program, best, isTied, (part) => {
    const weights = new Weights(file, part.program, engine, { inFile, modelBytes: all.fileBytes }).bytes
    return part.stages.reduce((sum, stage) => sum + stageBytes(stage, engine), weights)
  })
}

/**
 * The most bytes of each memory, so that all are full at the same time: then the sum is what a sequence can really use. At
 * most `each` bytes per memory, and `total` in all.
 */
export function limitsOf(
  parts: readonly Pick<PartPlan, 'modelBytes' | 'sessionBytes'>[],
  { each, total }: { each: number; total: number },
): number[] {
  const model = parts.reduce((sum, { modelBytes }) => sum + modelBytes, 0)
  const session = parts.reduce((sum, { sessionBytes }) => sum + sessionBytes, 0)
  if (session === 0) return parts.map(() => each)
  // In sequences of the planned length.
  const room = parts.map(({ modelBytes, sessionBytes }) => (each - modelBytes) / sessionBytes)
  const sequences = Math.min((total - model) / session, ...room.filter((value) => value !== Infinity))
  return parts.map(({ modelBytes, sessionBytes }) => modelBytes + Math.floor(sequences * sessionBytes))
}

function stageBytes({ program, boundary }: Stage, engine: Engine): number {
  return workBytes(program, engine, boundary)
}

/** The division into as many parts as `fewest` that leaves room for the most sequences. */
function balanced(fewest: Unit[][], fill: (sequences: number) => Unit[][]): Unit[][] {
  if (sessionBytesOf(fewest.flat()) === 0) return fewest
  let [best, low, high] = [fewest, 1, MOST_SEQUENCES]
  while (high - low > low / 64) {
    const middle = (low + high) / 2
    const parts = attempt(() => fill(middle))
    if (parts && parts.length <= fewest.length) [best, low] = [parts, middle]
    else high = middle
  }
  return best
}

/** Beyond so many sequences of the planned length, parts are as equal as whole layers make them. */
const MOST_SEQUENCES = 4096

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function weightBytes(all: Weights, fixed: readonly string[], units: readonly Unit[]): number {
  const names = new Set([...fixed, ...units.flatMap(({ tensors }) => [...tensors])])
  return [...names].reduce((sum, name) => sum + all.bytesOf(name), 0)
}

function sessionBytesOf(units: readonly Unit[]): number {
  return units.reduce((sum, { sessionBytes }) => sum + sessionBytes, 0)
}

function partsOf(
  program: Program,
  parts: readonly (readonly Unit[])[],
  isTied: boolean,
  bytesOf: (part: Pick<PartPlan, 'program' | 'stages'>) => number,
): PartPlan[] {
  const { layerStarts = [] } = program
  const layersEnd = layerStarts[layerStarts.length - 1]
  const cuts = parts.slice(1).map(([{ from }]) => from)
  const stages = stagesOf(program, isTied ? [...cuts, layersEnd] : cuts)
  return parts.map((units, index) => {
    const own = isTied && index === 0 ? [stages[0], stages[parts.length]] : [stages[index]]
    const part = { program: programOf(own), stages: own }
    const layerAt = (op = program.ops.length) => layerStarts.slice(0, -1).filter((start) => start < op).length
    const layers = { first: layerAt(units[0].from), end: layerAt(units[units.length - 1].to) }
    return { ...part, layers, modelBytes: bytesOf(part), sessionBytes: sessionBytesOf(units) }
  })
}

/** The operations and tensors of all stages. */
function programOf(stages: readonly Stage[]): Program {
  const last = stages[stages.length - 1].program
  return {
    ...last,
    ops: stages.flatMap(({ program }) => program.ops),
    tensors: new Map(stages.flatMap(({ program }) => [...program.tensors])),
  }
}

function cannotDivide({ name }: ModelFile, each: number): DasllamaError {
  return new DasllamaError(
    'OUT_OF_MEMORY',
    `${displayName(name)} does not fit into one memory of ${mebibytes(each)}, and its program cannot be divided among several`,
    { hint: 'use a smaller quantisation or contextLength' },
  )
}

function doesNotFit(
  { name }: ModelFile,
  { layerStarts = [] }: Program,
  { from }: Unit,
  { need, each }: { need: number; each: number },
): DasllamaError {
  const layer = layerStarts.indexOf(from)
  const what =
    from === 0
      ? 'the embedding needs'
      : layer === layerStarts.length - 1
        ? 'the output layer needs'
        : `layer ${layer} alone needs`
  return new DasllamaError(
    'OUT_OF_MEMORY',
    `${displayName(name)}: ${what} ${mebibytes(need)} with its cache and scratch, and one memory has ${mebibytes(each)}`,
    { hint: 'use a smaller quantisation or contextLength, or raise memorySize (4 GiB at most)' },
  )
}

function tooMany({ name }: ModelFile, count: number, each: number): DasllamaError {
  return new DasllamaError(
    'OUT_OF_MEMORY',
    `${displayName(name)} needs ${count} memories of ${mebibytes(each)}, and at most ${MOST_MEMORIES} are possible`,
    { hint: 'use a smaller quantisation or contextLength, or raise memorySize (4 GiB at most)' },
  )
}
