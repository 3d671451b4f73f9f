import type { ModelFile, TensorInfo } from '../gguf/model-file.js'
import { hash32 } from '../math/hash.js'
import type { ModelPlan } from './plan.js'

const WORD = 4

/** Of a tensor of so many bytes a word of four is looked at in each span of so many: of a small one, every word. */
function spanOf({ byteLength }: TensorInfo): number {
  if (byteLength <= 2 ** 14) return WORD
  return byteLength <= 2 ** 18 ? 64 : 1024
}

/** Samples of the bytes that tensors have in their file, taken as these are read. */
export class TensorSamples {
  readonly #samples = new Map<TensorInfo, Uint8Array>()

  /** `bytes`: those of a tensor from `start` on. Each tensor's are to be taken once, in any order, cut between words. */
  take(tensor: TensorInfo, start: number, bytes: Uint8Array): void {
    const sample = this.of(tensor)
    const span = spanOf(tensor)
    for (let word = Math.ceil(start / span); word * span < start + bytes.length; word++) {
      const from = word * span - start
      for (let i = 0; i < WORD; i++) sample[word * WORD + i] = bytes[from + i]
    }
  }

  /** What has been taken of a tensor, and zeros for what has not. */
  of(tensor: TensorInfo): Uint8Array {
    const known = this.#samples.get(tensor)
    if (known) return known
    const sample = new Uint8Array(Math.ceil(tensor.byteLength / spanOf(tensor)) * WORD)
    this.#samples.set(tensor, sample)
    return sample
  }
}

/**
 * 16 hexadecimal digits that distinguish models by what their results depend on: the architecture and every
 * hyperparameter that its family has read, the names, shapes and formats of the tensors, and samples of each one's bytes
 * in the file. What the file is called and how it is cut into parts, and how the tensors lie in memory, does not count.
 */
export function modelIdentity(
  { config, hyperparameters, program }: Pick<ModelPlan, 'config' | 'hyperparameters' | 'program'>,
  { tensors }: Pick<ModelFile, 'tensors'>,
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
