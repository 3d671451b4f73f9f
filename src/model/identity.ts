import type { ModelDirectory } from '../gguf/model-file.js'
import type { TensorSamples } from '../gguf/tensor-samples.js'
import { hash32 } from '../math/hash.js'
import type { ModelPlan } from './plan.js'

/**
 * 16 hexadecimal digits that identify a model by what its results depend on: architecture, every hyperparameter read by
 * the family, the tensors' names, shapes and formats, and samples of their bytes in the file. The file's name, its split
 * into parts and the layout in memory do not count.
 */
export function modelIdentity(
  { config, hyperparameters, program }: Pick<ModelPlan, 'config' | 'hyperparameters' | 'program'>,
  { tensors }: Pick<ModelDirectory, 'tensors'>,
  samples: TensorSamples,
): string {
  // Two hashes with different seeds: 32 bits alone would be too likely to collide.
  let low = 1
  let high = 2
  const add = (bytes: Uint8Array) => {
    low = hash32(bytes, low)
    high = hash32(bytes, high)
  }
  const addText = (value: unknown) => add(new TextEncoder().encode(JSON.stringify(value)))
  addText([config.architecture, ...hyperparameters])
  for (const name of program.tensors.keys()) {
    const tensor = tensors.get(name)!
    addText([tensor.name, tensor.format.name, tensor.shape])
    add(samples.of(tensor))
  }
  return hex(high) + hex(low)
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0')
}
