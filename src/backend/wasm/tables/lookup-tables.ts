import type { ModelFile, StoredTensor } from '../../../gguf/model-file.js'
import { allTensors, type Op, type Program } from '../../program.js'
import { cacheBytes } from './file-table.js'

/** A program's lookup tables, matrices of which a token needs one row: nothing but `embed` reads them. In order of first use. */
export function lookupTables(program: Program): string[] {
  const { logits, afterPooling, draftHead } = program
  const ops = [...program.ops, ...(draftHead?.ops ?? [])]
  const isEmbedding = ({ kind }: Op) => kind === 'embed'
  const others = [ops.filter((op) => !isEmbedding(op)), logits, afterPooling, draftHead?.logits]
  const readOtherwise = new Set(tensorsIn(others))
  const embedded = new Set(tensorsIn(ops.filter(isEmbedding)))
  return Array.from(allTensors(program).keys()).filter(
    (name) => embedded.has(name) && !readOtherwise.has(name),
  )
}

/** Names of the tensors of which a part of a program has slices. */
function* tensorsIn(part: unknown): Generator<string> {
  if (typeof part !== 'object' || part === null) return
  if ('tensor' in part) yield part.tensor as string
  for (const inner of Object.values(part)) yield* tensorsIn(inner)
}

/** A file's lookup tables whose rows can be read in any order, the one that frees most memory first. */
export function movableTables(file: ModelFile, program: Program): StoredTensor[] {
  const freed = (tensor: StoredTensor) => tensor.byteLength - cacheBytes(tensor)
  return lookupTables(program)
    .map((name) => file.tensors.get(name)!)
    .filter(({ source }) => !source.isSequential)
    .sort((a, b) => freed(b) - freed(a))
}
