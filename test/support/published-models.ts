/** Files in the shapes of published models, without their data: enough to compute what they need. */
import { type BlockFormat, blockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import type { TensorInfo } from '../../src/gguf/model-file.js'
import { layOut, type TensorHead } from '../../src/gguf/writer.js'
import { fileType } from '../../src/quantize/file-types.js'
import { tensorFormats } from '../../src/quantize/tensor-formats.js'
import type { ByteSource } from '../../src/storage/source.js'
import { type RandomModelOptions, randomModel } from './random-model/random-model.js'

export interface PublishedModel {
  readonly name: string
  /** A file type of `dasllama quantize`. */
  readonly type: string
  readonly options: Omit<RandomModelOptions, 'format'>
}

const LLAMA = { tokenizer: 'bpe', tied: true } as const
const QWEN3 = { architecture: 'qwen3', tokenizer: 'bpe', tied: true, ropeBase: 1e6 } as const

const SMOLLM2_135M = {
  ...LLAMA,
  shape: {
    ...{ embed: 576, layers: 30, heads: 9, kvHeads: 3, headDim: 64, feedForward: 1536 },
    ...{ vocab: 49_152, context: 8192 },
  },
}
const SMOLLM2_360M = {
  ...LLAMA,
  shape: {
    ...{ embed: 960, layers: 32, heads: 15, kvHeads: 5, headDim: 64, feedForward: 2560 },
    ...{ vocab: 49_152, context: 8192 },
  },
}
const QWEN3_0_6B = {
  ...QWEN3,
  shape: {
    ...{ embed: 1024, layers: 28, heads: 16, kvHeads: 8, headDim: 128, feedForward: 3072 },
    ...{ vocab: 151_936, context: 40_960 },
  },
}
const LLAMA_3_2_1B = {
  ...LLAMA,
  shape: {
    ...{ embed: 2048, layers: 16, heads: 32, kvHeads: 8, headDim: 64, feedForward: 8192 },
    ...{ vocab: 128_256, context: 131_072 },
  },
}
const QWEN3_1_7B = {
  ...QWEN3,
  shape: {
    ...{ embed: 2048, layers: 28, heads: 16, kvHeads: 8, headDim: 128, feedForward: 6144 },
    ...{ vocab: 151_936, context: 40_960 },
  },
}
const LLAMA_3_2_3B = {
  ...LLAMA,
  shape: {
    ...{ embed: 3072, layers: 28, heads: 24, kvHeads: 8, headDim: 128, feedForward: 8192 },
    ...{ vocab: 128_256, context: 131_072 },
  },
}
const QWEN3_4B = {
  ...QWEN3,
  shape: {
    ...{ embed: 2560, layers: 36, heads: 32, kvHeads: 8, headDim: 128, feedForward: 9728 },
    ...{ vocab: 151_936, context: 40_960 },
  },
}

export const LLAMA_3_8B: PublishedModel['options'] = {
  ...{ tokenizer: 'bpe', ropeBase: 500_000 },
  shape: {
    ...{ embed: 4096, layers: 32, heads: 32, kvHeads: 8, headDim: 128, feedForward: 14_336 },
    ...{ vocab: 128_256, context: 8192 },
  },
}

/** Smallest first. */
export const PUBLISHED_MODELS: readonly PublishedModel[] = [
  { name: 'SmolLM2 135M', type: 'Q4_0', options: SMOLLM2_135M },
  { name: 'SmolLM2 135M', type: 'Q8_0', options: SMOLLM2_135M },
  { name: 'SmolLM2 360M', type: 'Q4_K_M', options: SMOLLM2_360M },
  { name: 'Qwen3 0.6B', type: 'Q4_K_M', options: QWEN3_0_6B },
  { name: 'Qwen3 0.6B', type: 'Q8_0', options: QWEN3_0_6B },
  { name: 'Llama 3.2 1B', type: 'Q4_K_M', options: LLAMA_3_2_1B },
  { name: 'Qwen3 1.7B', type: 'Q4_K_M', options: QWEN3_1_7B },
  { name: 'Llama 3.2 3B', type: 'Q4_K_M', options: LLAMA_3_2_3B },
  { name: 'Qwen3 4B', type: 'Q4_K_M', options: QWEN3_4B },
  { name: 'Llama 3 8B', type: 'Q4_K_M', options: LLAMA_3_8B },
]

/** The file of a model, whose weights are zeros. */
export function publishedModel(model: PublishedModel): ByteSource {
  const { metadata, tensors } = randomModel({ ...model.options, format: 'F16' })
  const formats = formatsOf(model, tensors)
  const { header, size } = layOut({
    metadata,
    tensors: tensors.map(({ name, shape }) => ({ name, shape, format: formats.get(name)! })),
  })
  return {
    ...{ name: `${model.name} ${model.type}`, size },
    async read(offset, target) {
      target.fill(0)
      if (offset < header.length) target.set(header.subarray(offset, offset + target.length))
    },
    async close() {},
  }
}

/** The same with random weights: how a model of the shape is made. */
export function randomPublishedModel(model: PublishedModel): RandomModelOptions {
  const formats = formatsOf(model, randomModel({ ...model.options, format: 'F16' }).tensors)
  return { ...model.options, format: (name) => formats.get(name)?.name ?? 'F32' }
}

/** The block format that llama-quantize gives each tensor, by name. */
function formatsOf(
  { type, options }: PublishedModel,
  tensors: readonly TensorHead[],
): Map<string, BlockFormat> {
  const { heads, kvHeads = heads, layers } = options.shape
  const infos = tensors.map(({ name, shape, format: given }): TensorInfo => {
    const format = typeof given === 'string' ? blockFormat(given) : given
    const elements = shape.reduce((product, size) => product * size, 1)
    return { name, shape, format, elements, byteLength: bytesFor(format, elements) }
  })
  const formatted = tensorFormats(infos, fileType(type), {
    ...{ architecture: options.architecture ?? 'llama', layers, experts: 0 },
    ...{ headsPerKvHead: Math.floor(heads / kvHeads), isOf70B: false },
  })
  return new Map(formatted.map(({ tensor, format }) => [tensor.name, format]))
}
