import type { ModelDirectory } from '../gguf/model-file.js'
import type { TensorSamples } from '../gguf/tensor-samples.js'
import { hash32 } from '../math/hash.js'
import type { ModelPlan } from './plan.js'

/**
 * 16 hexadecimal digits that distinguish models by what their results depend on: the architecture and every
 * hyperparameter that its family has read, the names, shapes and formats of the tensors, and samples of each one's bytes
 * in the file. What the file is called and how it is cut into parts, and how the tensors lie in memory, does not count.
 */
export function modelIdentity(
  { config, hyperparameters, program }: Pick<ModelPlan, 'config' | 'hyperparameters' | 'program'>,
  { tensors }: Pick<ModelDirectory, 'tensors'>,
  samples: TensorSamples,
): string {
  // Two hashes from different seeds: 32 bits alone would collide among the models of the world.
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
