import { byteSize, describeValue, displayName, mebibytes } from '../../../describe.js'
import { DasllamaError } from '../../../errors.js'
import type { ModelFile, TensorInfo } from '../../../gguf/model-file.js'
import type { Warning } from '../../../warnings.js'
import type { Program } from '../../program.js'
import type { Engine } from '../engine.js'
import type { LookupTables } from '../engine-options.js'
import { Weights } from '../weights.js'
import { cacheBytes } from './file-table.js'
import { lookupTables, movableTables } from './lookup-tables.js'

/** Where a program's lookup tables go. */
export interface PlacingOptions {
  /** Default `memory`. */
  readonly lookupTables?: LookupTables | undefined
  /** Whether weights of so many bytes have room, for `auto`. */
  readonly fits: (bytes: number) => boolean
}

/**
 * A program's weights, with lookup tables in the file as the option says: all of them, none, or, for `auto`, only as many as it
 * takes for the rest to fit. Throws `UNSUPPORTED` for a format that the kernels do not run, and for tables that are to stay in a
 * file that can only be read from its beginning to its end.
 */
export function placeWeights(
  file: ModelFile,
  program: Program,
  engine: Engine,
  { lookupTables: mode = 'memory', fits }: PlacingOptions,
): Weights {
  if (mode === 'file') return new Weights(file, program, engine, { inFile: tablesToLeave(file, program) })
  let weights = new Weights(file, program, engine)
  if (mode === 'memory') return weights
  const inFile = new Set<string>()
  for (const tensor of movableTables(file, program)) {
    if (fits(weights.bytes) || cacheBytes(tensor) >= tensor.byteLength) break
    weights = new Weights(file, program, engine, { inFile: inFile.add(tensor.name) })
  }
  return weights
}

/** All lookup tables. Throws `UNSUPPORTED` for one in a file that can only be read from its beginning to its end. */
export function tablesToLeave(file: ModelFile, program: Program): ReadonlySet<string> {
  const names = lookupTables(program)
  const stuck = names.find((name) => file.tensors.get(name)!.source.isSequential)
  if (stuck !== undefined) throw cannotStay(file, stuck)
  return new Set(names)
}

function cannotStay({ name }: ModelFile, table: string): DasllamaError {
  return new DasllamaError(
    'UNSUPPORTED',
    `${displayName(name)}: tensor ${describeValue(table)} cannot stay in the file, because the server does not support byte ranges`,
    { hint: "download the file first, or pass lookupTables: 'memory'" },
  )
}

/** Told for tables that are left in the file only because memory is short. */
export function tablesInFile(file: ModelFile, tables: readonly TensorInfo[]): Warning {
  return {
    code: 'TABLES_IN_FILE',
    message: `${displayName(file.name)}: memory does not suffice for all weights: rows of ${listOf(tables)} are read from the file when they are needed`,
    hint: "raise memoryLimit, or pass lookupTables: 'file' to leave it there without this warning",
  }
}

/** A program needs `need` bytes of memory, and `available` are allowed. */
export function needsMoreMemory(
  file: ModelFile,
  program: Program,
  weights: Weights,
  { need, available }: { readonly need: number; readonly available: number },
): DasllamaError {
  const { inFile } = weights
  const tables = inFile.length > 0 ? `, besides what stays in the file: ${listOf(inFile)}` : ''
  const movable = movableTables(file, program).filter(
    ({ name }) => !inFile.some((table) => table.name === name),
  )
  const advice = movable.length > 0 ? `, pass lookupTables: 'file' (${listOf(movable)})` : ''
  return new DasllamaError(
    'OUT_OF_MEMORY',
    `${displayName(file.name)} needs ${mebibytes(need)} of memory (weights ${mebibytes(weights.bytes)}${tables}), and ${mebibytes(available)} are allowed`,
    { hint: `use a smaller quantisation or contextLength${advice}, or raise memoryLimit` },
  )
}

/** Names and sizes, of three tables at most. */
function listOf(tables: readonly TensorInfo[]): string {
  const named = tables
    .slice(0, 3)
    .map(({ name, byteLength }) => `${describeValue(name)} (${byteSize(byteLength)})`)
  return named.join(' and ') + (tables.length > 3 ? ' and others' : '')
}
