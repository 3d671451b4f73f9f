import type { Program } from '../../../src/backend/program.js'
import { Metadata, type MetadataArray, type MetadataValue } from '../../../src/gguf/metadata.js'
import type { TypedArrayValue, TypedValue } from '../../../src/gguf/typed-value.js'
import type { TensorNames } from '../../../src/model/builder/builder.js'
import { llama } from '../../../src/model/families/llama.js'
import type { Family } from '../../../src/model/family.js'
import { HyperparameterReader } from '../../../src/model/hyperparameter-reader.js'
import { record, recordDraftHead } from '../../../src/model/plan.js'
import { familyOf } from '../../../src/model/registry.js'

/**
 * The program of a model with these metadata and tensors, before its file exists. An architecture without a
 * family is treated as llama with another name.
 */
export function recordedProgram(
  metadata: ReadonlyMap<string, TypedValue>,
  names: TensorNames,
  { draftHead = false } = {},
): Program {
  const values = Array.from(metadata, ([key, value]): [string, MetadataValue] => [key, readValue(value)])
  const reader = new HyperparameterReader({
    container: 'gguf',
    version: 3,
    name: 'a random model',
    metadata: new Metadata('a random model', new Map(values)),
    tensors: new Map(),
    tensorBytes: 0,
  })
  const family = familyFor(reader.architecture)
  const header = { family, config: family.hyperparameters(reader) }
  const program = record(header, names)
  return draftHead
    ? { ...program, draftHead: recordDraftHead(header, { name: 'a random model', tensors: names }) }
    : program
}

function familyFor(architecture: string): Family {
  try {
    return familyOf(architecture, architecture)
  } catch {
    return llama
  }
}

/** A value as the GGUF reader returns it. */
function readValue(typed: TypedValue): MetadataValue {
  switch (typed.type) {
    case 'array':
      return readArray(typed)
    case 'u64':
    case 'i64':
      return Number.isSafeInteger(Number(typed.value)) ? Number(typed.value) : typed.value
    case 'string':
      return typeof typed.value === 'string' ? typed.value : new TextDecoder().decode(typed.value)
    default:
      return typed.value
  }
}

function readArray({ of, values }: TypedArrayValue): MetadataArray {
  const items = Array.from(values)
  if (of === 'bool' || of === 'string') return items as boolean[] | string[]
  if (of === 'array' || of === 'u64' || of === 'i64') {
    throw new Error(`a random model's hyperparameters cannot be arrays of ${of}`)
  }
  return Float64Array.from(items as number[])
}
