import { openGguf } from '../../src/gguf/reader.js'
import { type GgufParts, type TensorToWrite, writeGguf } from '../../src/gguf/writer.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { type RandomModelOptions, randomModel } from '../support/random-model/random-model.js'

/** The smallest vocabulary that the synthetic tokenizer has, and a few words. */
export const VOCAB = 400

/** Two layers, three query heads on one key/value head, in F32: fast, and nothing in it is a power of two. */
export const SMALL: RandomModelOptions = {
  shape: {
    embed: 96,
    layers: 2,
    heads: 6,
    kvHeads: 2,
    headDim: 16,
    feedForward: 160,
    vocab: VOCAB,
    context: 256,
  },
  format: 'F32',
  seed: 1,
}

export function smallParts(
  options: Partial<RandomModelOptions> = {},
): GgufParts & { tensors: TensorToWrite[] } {
  return randomModel({ ...SMALL, ...options })
}

/** A GGUF file of it. */
export function smallModel(options: Partial<RandomModelOptions> = {}): Uint8Array {
  return writeGguf(smallParts(options))
}

/** The opened file of it. */
export function openSmall(options: Partial<RandomModelOptions> = {}) {
  return openGguf(bytesSource(smallModel(options), 'small.gguf'))
}
