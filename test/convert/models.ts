import { array, bool, f32, str, type TypedValue, u32 } from '../../src/gguf/typed-value.js'
import type { GgufParts, TensorToWrite } from '../../src/gguf/writer.js'
import { RandomBits } from '../support/random-model/random-bits.js'
import { type RandomModelOptions, randomModel } from '../support/random-model/random-model.js'

const SHAPE = { embed: 64, layers: 2, heads: 4, kvHeads: 2, feedForward: 96, vocab: 401, context: 128 }

function model(options: Partial<RandomModelOptions> & Pick<RandomModelOptions, 'architecture'>): GgufParts {
  return randomModel({ shape: SHAPE, format: 'F32', seed: 5, ...options })
}

/** Models of each family that can be converted, as GGUF would hold them. */
export const MODELS: Readonly<Record<string, GgufParts>> = {
  llama: model({ architecture: 'llama', biases: true }),
  'llama, BPE, F16': model({ architecture: 'llama', tokenizer: 'bpe', format: 'F16', tied: true }),
  qwen2: model({
    architecture: 'qwen2',
    tokenizer: 'bpe',
    ropeBase: 1e6,
    biases: ['attn_q', 'attn_k', 'attn_v'],
  }),
  'qwen3, BF16': model({
    architecture: 'qwen3',
    tokenizer: 'bpe',
    format: 'BF16',
    shape: { ...SHAPE, headDim: 32 },
  }),
  gemma3: model({
    architecture: 'gemma3',
    tied: true,
    ropeBase: 1e6,
    hyperparameters: { 'attention.sliding_window': u32(16) },
    metadata: [['tokenizer.ggml.add_space_prefix', bool(false)]],
  }),
  bert: bert(),
}

function bert(): GgufParts {
  const tokens = [
    '[PAD]',
    '[UNK]',
    '[CLS]',
    '[SEP]',
    '[MASK]',
    '\u2581the',
    'ing',
    '\u2581',
    '\u2581dog',
    's',
  ]
  const [embed, feedForward, context] = [32, 64, 16]
  const tensors: TensorToWrite[] = []
  const add = (name: string, ...shape: number[]) => {
    const random = new RandomBits(3, name)
    const values = Float32Array.from({ length: shape[0] * (shape[1] ?? 1) }, () => random.fraction() - 0.5)
    tensors.push({ name, shape, format: 'F32', data: new Uint8Array(values.buffer) })
  }
  const both = (name: string, columns: number, rows?: number) => {
    add(`${name}.weight`, ...(rows === undefined ? [columns] : [columns, rows]))
    add(`${name}.bias`, rows ?? columns)
  }
  add('token_embd.weight', embed, tokens.length)
  add('position_embd.weight', embed, context)
  add('token_types.weight', embed, 2)
  both('token_embd_norm', embed)
  for (const part of ['attn_q', 'attn_k', 'attn_v', 'attn_output']) both(`blk.0.${part}`, embed, embed)
  both('blk.0.attn_output_norm', embed)
  both('blk.0.ffn_up', embed, feedForward)
  both('blk.0.ffn_down', feedForward, embed)
  both('blk.0.layer_output_norm', embed)
  const special = { bos: 2, eos: 3, unknown: 1, seperator: 3, padding: 0, mask: 4 }
  const metadata = new Map<string, TypedValue>([
    ['general.architecture', str('bert')],
    ['general.name', str('random bert')],
    ['bert.block_count', u32(1)],
    ['bert.context_length', u32(context)],
    ['bert.embedding_length', u32(embed)],
    ['bert.feed_forward_length', u32(feedForward)],
    ['bert.attention.head_count', u32(4)],
    ['bert.attention.layer_norm_epsilon', f32(1e-12)],
    ['bert.attention.causal', bool(false)],
    ['tokenizer.ggml.token_type_count', u32(2)],
    ['tokenizer.ggml.model', str('bert')],
    ['tokenizer.ggml.tokens', array('string', tokens)],
    [
      'tokenizer.ggml.token_type',
      array(
        'i32',
        tokens.map((_, id) => (id < 5 ? 3 : 1)),
      ),
    ],
    ...Object.entries(special).map(([role, id]) => [`tokenizer.ggml.${role}_token_id`, u32(id)] as const),
    ['tokenizer.ggml.add_bos_token', bool(true)],
    ['tokenizer.ggml.add_eos_token', bool(true)],
    ['tokenizer.ggml.add_sep_token', bool(false)],
    ['tokenizer.ggml.normalizer.lowercase', bool(true)],
  ])
  return { metadata, tensors }
}
