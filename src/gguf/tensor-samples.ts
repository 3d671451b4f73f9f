import type { TensorInfo } from './model-file.js'

const WORD = 4

/** One word of four bytes is sampled per span of so many bytes: in a small tensor, every word. */
function spanOf({ byteLength }: TensorInfo): number {
  if (byteLength <= 2 ** 14) return WORD
  return byteLength <= 2 ** 18 ? 64 : 1024
}

/** Samples of tensors' bytes, taken while the file is read. */
export class TensorSamples {
  /** By the tensor's name. */
  readonly samples: Map<string, Uint8Array>

  constructor(samples: Map<string, Uint8Array> = new Map()) {
    this.samples = samples
  }

  /** `bytes`: those of a tensor from `start` on. Each byte is passed once, in any order, cut between words. */
  take(tensor: TensorInfo, start: number, bytes: Uint8Array): void {
    const sample = this.of(tensor)
    const span = spanOf(tensor)
    for (let word = Math.ceil(start / span); word * span < start + bytes.length; word++) {
      const from = word * span - start
      for (let i = 0; i < WORD; i++) sample[word * WORD + i] = bytes[from + i]
    }
  }

  /** The samples of a tensor, and zeros for those that have not been taken. */
  of(tensor: TensorInfo): Uint8Array {
    const known = this.samples.get(tensor.name)
    if (known) return known
    const sample = new Uint8Array(Math.ceil(tensor.byteLength / spanOf(tensor)) * WORD)
    this.samples.set(tensor.name, sample)
    return sample
  }
}
