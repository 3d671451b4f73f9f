import type { ModelFile, TensorInfo } from '../gguf/model-file.js'
import { hash32 } from '../math/hash.js'
import type { ModelPlan } from './plan.js'

const WORD = 4

/** One word (4 bytes) is sampled per span of this many bytes; small tensors are sampled completely. */
function spanOf({ byteLength }: TensorInfo): number {
  if (byteLength <= 2 ** 14) return WORD
  return byteLength <= 2 ** 18 ? 64 : 1024
}

/** Samples of the tensors' bytes, taken while the file is read. */
export class TensorSamples {
  readonly #samples = new Map<TensorInfo, Uint8Array>()

  /** `bytes` of a tensor from offset `start` on. Pieces may come in any order but must be cut at word boundaries. */
  take(tensor: TensorInfo, start: number, bytes: Uint8Array): void {
    const sample = this.of(tensor)
    const span = spanOf(tensor)
    for (let word = Math.ceil(start / span); word * span < start + bytes.length; word++) {
      const from = word * span - start
      for (let i = 0; i < WORD; i++) sample[word * WORD + i] = bytes[from + i]
    }
  }

  /** The samples of a tensor; zeros where none was taken. */
  of(tensor: TensorInfo): Uint8Array {
    const known = this.#samples.get(tensor)
    if (known) return known
    const sample = new Uint8Array(Math.ceil(tensor.byteLength / spanOf(tensor)) * WORD)
    this.#samples.set(tensor, sample)
    return sample
  }
}

/**
 * 16 hexadecimal digits that identify a model by what its results depend on: architecture, every hyperparameter read by
 * the family, the tensors' names, shapes and formats, and samples of their bytes in the file. The file's name, its split
 * into parts and the layout in memory do not count.
 */
export function modelIdentity(
  { config, hyperparameters, program }: Pick<ModelPlan, 'config' | 'hyperparameters' | 'program'>,
  { tensors }: Pick<ModelFile, 'tensors'>,
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
