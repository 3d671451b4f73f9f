import { array, u32 } from '../../src/gguf/typed-value.js'
import { type TensorToWrite, writeGguf } from '../../src/gguf/writer.js'
import { type RandomModelOptions, randomModel } from './random-model/random-model.js'

export const DRAFT_HEAD_VOCAB = 400

/** What ends a layer's two halves: the smaller, the more a token depends on the one before it alone. */
const LAYER_OUTPUTS = /^blk\.\d\.(attn_output|ssm_out|ffn_down\w*)\.weight$/

export interface DraftHeadModelOptions extends Partial<RandomModelOptions> {
  /** How much layers add to the residual stream, in that of a usual random model. Default 1. */
  readonly layerScale?: number
  /**
   * Of the hidden state in the head's input. Default: the head's weights are random. With small layers it guesses right, and the
   * more of it, the less often.
   */
  readonly stateShare?: number
}

/** For a model with experts. */
export const EXPERTS: Partial<RandomModelOptions> = {
  architecture: 'qwen35moe',
  hyperparameters: {
    expert_count: u32(4),
    expert_used_count: u32(2),
    expert_feed_forward_length: u32(32),
    expert_shared_feed_forward_length: u32(48),
  },
}

/** A small random model with a draft head: two recurrent layers, one with attention, and the head's. */
export function draftHeadModel({
  layerScale = 1,
  stateShare,
  ...options
}: DraftHeadModelOptions = {}): Uint8Array {
  const parts = randomModel({
    architecture: 'qwen35',
    shape: {
      ...{ embed: 64, layers: 3, heads: 4, kvHeads: 2, headDim: 16 },
      ...{ feedForward: 96, vocab: DRAFT_HEAD_VOCAB, context: 1024 },
    },
    format: 'F32',
    draftHead: true,
    ...options,
    hyperparameters: {
      'attention.recurrent_layers': array('bool', [true, false, true]),
      'ssm.conv_kernel': u32(4),
      'ssm.inner_size': u32(32),
      'ssm.state_size': u32(8),
      'ssm.time_step_rank': u32(4),
      'ssm.group_count': u32(2),
      ...options.hyperparameters,
    },
  })
  const tensors = parts.tensors.map((tensor) => {
    if (LAYER_OUTPUTS.test(tensor.name)) return scaled(tensor, layerScale)
    if (stateShare === undefined) return tensor
    if (tensor.name.endsWith('.nextn.eh_proj.weight')) return passing(tensor, stateShare)
    return /\.nextn\.[eh]norm\.weight$/.test(tensor.name) ? ones(tensor) : tensor
  })
  return writeGguf({ ...parts, tensors })
}

function scaled(tensor: TensorToWrite, factor: number): TensorToWrite {
  if (factor === 1) return tensor
  const { data } = tensor
  const bytes = typeof data === 'function' ? data() : data
  const values = new Float32Array(bytes.slice().buffer).map((value) => value * factor)
  return { ...tensor, data: new Uint8Array(values.buffer) }
}

function ones(tensor: TensorToWrite): TensorToWrite {
  return { ...tensor, data: new Uint8Array(new Float32Array(tensor.shape[0]).fill(1).buffer) }
}

/** A matrix [2n, n] whose product is the first half of its input and a share of the second. */
function passing(tensor: TensorToWrite, share: number): TensorToWrite {
  const [columns, rows] = tensor.shape
  const values = new Float32Array(columns * rows)
  for (let row = 0; row < rows; row++) {
    values[row * columns + row] = 1
    values[row * columns + rows + row] = share
  }
  return { ...tensor, data: new Uint8Array(values.buffer) }
}
