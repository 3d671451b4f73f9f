import { type BlockFormat, blockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import type { TensorInfo } from '../../src/gguf/model-file.js'
import { f32, str, type TypedValue, u32 } from '../../src/gguf/typed-value.js'
import type { GgufParts } from '../../src/gguf/writer.js'

/** The tensors and the hyperparameters of a model, for file types to choose formats for. */
export interface SketchedModel {
  readonly name: string
  readonly metadata: ReadonlyMap<string, TypedValue>
  readonly tensors: readonly TensorInfo[]
}

interface Sketch {
  readonly architecture: string
  readonly layers: number
  readonly kvHeads: number
  readonly embed?: number
  readonly feedForward?: number
  readonly experts?: number
  readonly isTied?: boolean
  readonly isFused?: boolean
}

const VOCABULARY = 64
const HEADS = 8

function sketch(name: string, options: Sketch): SketchedModel {
  const { architecture, layers, kvHeads, embed = 256, feedForward = 256, experts = 0 } = options
  const kv = (embed / HEADS) * kvHeads
  const tensors: TensorInfo[] = []
  const add = (name: string, ...shape: number[]) => tensors.push(info(name, shape))
  add('token_embd.weight', embed, VOCABULARY)
  if (!options.isTied) add('output.weight', embed, VOCABULARY)
  add('output_norm.weight', embed)
  for (let layer = 0; layer < layers; layer++) {
    const block = (part: string, ...shape: number[]) => add(`blk.${layer}.${part}.weight`, ...shape)
    block('attn_norm', embed)
    if (options.isFused) block('attn_qkv', embed, embed + 2 * kv)
    else {
      block('attn_q', embed, embed)
      block('attn_k', embed, kv)
      block('attn_v', embed, kv)
    }
    block('attn_output', embed, embed)
    block('ffn_norm', embed)
    if (experts > 0) {
      block('ffn_gate_inp', embed, experts)
      block('ffn_gate_exps', embed, feedForward, experts)
      block('ffn_up_exps', embed, feedForward, experts)
      block('ffn_down_exps', feedForward, embed, experts)
    } else {
      block('ffn_gate', embed, feedForward)
      block('ffn_up', embed, feedForward)
      block('ffn_down', feedForward, embed)
    }
  }
  const numbers = {
    ...{ block_count: layers, context_length: 64, embedding_length: embed, feed_forward_length: feedForward },
    ...{ 'attention.head_count': HEADS, 'attention.head_count_kv': kvHeads, vocab_size: VOCABULARY },
    ...(experts > 0 && {
      expert_count: experts,
      expert_used_count: 2,
      expert_feed_forward_length: feedForward,
    }),
  }
  const metadata = new Map<string, TypedValue>([['general.architecture', str(architecture)]])
  for (const [key, value] of Object.entries(numbers)) metadata.set(`${architecture}.${key}`, u32(value))
  for (const norm of ['layer_norm_rms_epsilon', 'layer_norm_epsilon']) {
    metadata.set(`${architecture}.attention.${norm}`, f32(1e-5))
  }
  return { name, metadata, tensors }
}

function info(name: string, shape: readonly number[]): TensorInfo {
  const format: BlockFormat = blockFormat('F32')
  const elements = shape.reduce((product, size) => product * size, 1)
  return { name, shape, format, elements, byteLength: bytesFor(format, elements) }
}

/** One for each rule that depends on the model. */
export const SKETCHES: readonly SketchedModel[] = [
  sketch('17 layers', { architecture: 'llama', layers: 17, kvHeads: 2 }),
  sketch('tied, without shared heads', {
    architecture: 'llama',
    layers: 9,
    kvHeads: 8,
    isTied: true,
  }),
  sketch('80 layers, as in 70B', { architecture: 'llama', layers: 80, kvHeads: 1 }),
  sketch('80 layers, as in 65B', { architecture: 'llama', layers: 80, kvHeads: 8 }),
  sketch('rows of 160', { architecture: 'llama', layers: 3, kvHeads: 2, embed: 160 }),
  sketch('rows of 40', { architecture: 'llama', layers: 2, kvHeads: 2, embed: 40, feedForward: 256 }),
  sketch('fused', { architecture: 'phi3', layers: 12, kvHeads: 2, isFused: true }),
  sketch('8 experts', { architecture: 'llama', layers: 9, kvHeads: 2, experts: 8 }),
  sketch('16 experts', { architecture: 'qwen3moe', layers: 16, kvHeads: 1, experts: 16 }),
  sketch('falcon', { architecture: 'falcon', layers: 33, kvHeads: 1, isFused: true }),
]

/** A file of the model, its weights zeros. */
export function sketchedFile({ metadata, tensors }: SketchedModel): GgufParts {
  return {
    metadata,
    tensors: tensors.map(({ name, shape, format, byteLength }) => ({
      name,
      shape,
      format,
      data: () => new Uint8Array(byteLength),
    })),
  }
}
