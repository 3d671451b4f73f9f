import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TypedArrayValue, TypedValue } from '../../src/gguf/typed-value.js'
import type { GgufParts, TensorToWrite } from '../../src/gguf/writer.js'

/** A tensor as it is in a safetensors file. */
export interface PublishedTensor {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

/** A model's files, by name. */
export type PublishedFiles = Map<string, string | Uint8Array>

/** Names in Hugging Face's files. Written down here once more, so that the converter's own list is checked. */
const DECODER: Readonly<Record<string, string>> = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
}
const GEMMA3: Readonly<Record<string, string>> = {
  ...DECODER,
  post_attention_norm: 'post_attention_layernorm',
  ffn_norm: 'pre_feedforward_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
}
const BERT: Readonly<Record<string, string>> = {
  token_embd: 'embeddings.word_embeddings',
  position_embd: 'embeddings.position_embeddings',
  token_types: 'embeddings.token_type_embeddings',
  token_embd_norm: 'embeddings.LayerNorm',
  attn_q: 'attention.self.query',
  attn_k: 'attention.self.key',
  attn_v: 'attention.self.value',
  attn_output: 'attention.output.dense',
  attn_output_norm: 'attention.output.LayerNorm',
  ffn_up: 'intermediate.dense',
  ffn_down: 'output.dense',
  layer_output_norm: 'output.LayerNorm',
}

const CLASSES: Readonly<Record<string, string>> = {
  llama: 'LlamaForCausalLM',
  qwen2: 'Qwen2ForCausalLM',
  qwen3: 'Qwen3ForCausalLM',
  gemma3: 'Gemma3ForCausalLM',
  bert: 'BertModel',
}

/** Hyperparameters of config.json, and their keys in GGUF. */
const CONFIG: Readonly<Record<string, string>> = {
  num_hidden_layers: 'block_count',
  max_position_embeddings: 'context_length',
  hidden_size: 'embedding_length',
  intermediate_size: 'feed_forward_length',
  num_attention_heads: 'attention.head_count',
  num_key_value_heads: 'attention.head_count_kv',
  head_dim: 'attention.key_length',
  rms_norm_eps: 'attention.layer_norm_rms_epsilon',
  layer_norm_eps: 'attention.layer_norm_epsilon',
  rope_theta: 'rope.freq_base',
  sliding_window: 'attention.sliding_window',
}

/** The files of a model that a GGUF file would hold, in Hugging Face's layout. `shards`: how many safetensors files. */
export function published(parts: GgufParts, { shards = 1 } = {}): PublishedFiles {
  const metadata = new Map(parts.metadata) as Map<string, TypedValue>
  const architecture = (metadata.get('general.architecture') as { value: string }).value
  const tensors = Array.from(parts.tensors, (tensor) => publishedTensor(tensor, architecture, metadata))
  const config: Record<string, unknown> = { architectures: [CLASSES[architecture]], model_type: architecture }
  for (const [key, name] of Object.entries(CONFIG)) {
    const value = metadata.get(`${architecture}.${name}`)
    if (value) config[key] = (value as { value: number }).value
  }
  const types = metadata.get('tokenizer.ggml.token_type_count')
  if (types) config.type_vocab_size = (types as { value: number }).value
  const tokens = listOf<string>(metadata, 'tokens')
  config.vocab_size = tokens.length
  const files: PublishedFiles = new Map()
  const set = (name: string, value: object) => files.set(name, JSON.stringify(value))
  const { tokenizer, ids } = publishedTokenizer(metadata, tokens, set, files)
  set('config.json', { ...config, ...ids })
  set('tokenizer_config.json', tokenizer)
  if (shards === 1) files.set('model.safetensors', safetensors(tensors))
  else {
    const weights: Record<string, string> = {}
    for (let shard = 0; shard < shards; shard++) {
      const file = `model-0000${shard + 1}-of-0000${shards}.safetensors`
      const own = tensors.filter((_, index) => index % shards === shard)
      for (const { name } of own) weights[name] = file
      files.set(file, safetensors(own))
    }
    set('model.safetensors.index.json', { metadata: {}, weight_map: weights })
  }
  return files
}

export async function writeFolder(path: string, files: PublishedFiles): Promise<void> {
  await mkdir(path, { recursive: true })
  for (const [name, content] of files) await writeFile(join(path, name), content)
}

/** A safetensors file. */
export function safetensors(tensors: readonly PublishedTensor[]): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } }
  let at = 0
  for (const { name, dtype, shape, data } of tensors) {
    header[name] = { dtype, shape, data_offsets: [at, at + data.length] }
    at += data.length
  }
  return withHeader(
    JSON.stringify(header),
    tensors.map(({ data }) => data),
  )
}

export function withHeader(header: string, data: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.from(header)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(bytes.length))
  return Buffer.concat([length, bytes, ...data])
}

function publishedTensor(
  { name, shape, format, data }: TensorToWrite,
  architecture: string,
  metadata: ReadonlyMap<string, TypedValue>,
): PublishedTensor {
  const [, layer, stem, suffix] = /^(?:blk\.(\d+)\.)?(.*)\.(weight|bias)$/.exec(name)!
  const names = architecture === 'bert' ? BERT : architecture === 'gemma3' ? GEMMA3 : DECODER
  const prefix =
    layer === undefined ? '' : architecture === 'bert' ? `encoder.layer.${layer}.` : `model.layers.${layer}.`
  const given = typeof data === 'function' ? data() : data
  const bytes = given.slice()
  if (architecture === 'llama' && /^attn_[qk]$/.test(stem)) {
    const heads = numberOf(metadata, `llama.attention.head_count${stem === 'attn_k' ? '_kv' : ''}`)
    const rows = shape[1] ?? shape[0]
    const rowBytes = bytes.length / rows
    const headRows = rows / heads
    for (let row = 0; row < rows; row++) {
      const pair = (row % headRows) >> 1
      const half = row % 2
      const to = row - (row % headRows) + half * (headRows / 2) + pair
      bytes.set(given.subarray(row * rowBytes, (row + 1) * rowBytes), to * rowBytes)
    }
  }
  if (architecture === 'gemma3' && stem.endsWith('norm')) {
    const values = new Float32Array(bytes.buffer)
    for (let i = 0; i < values.length; i++) values[i] -= 1
  }
  const dtype = typeof format === 'string' ? format : format.name
  return { name: `${prefix}${names[stem]}.${suffix}`, dtype, shape: [...shape].reverse(), data: bytes }
}

function publishedTokenizer(
  metadata: ReadonlyMap<string, TypedValue>,
  tokens: readonly string[],
  set: (name: string, value: object) => void,
  files: PublishedFiles,
) {
  const types = listOf<number>(metadata, 'token_type')
  const kind = (metadata.get('tokenizer.ggml.model') as { value: string }).value
  const special = tokens.flatMap((content, id) => (types[id] === 3 ? [{ id, content, special: true }] : []))
  const idOf = (role: string) =>
    (metadata.get(`tokenizer.ggml.${role}_token_id`) as { value: number } | undefined)?.value
  const flag = (name: string) =>
    (metadata.get(`tokenizer.ggml.${name}`) as { value: boolean } | undefined)?.value
  const tokenizer: Record<string, unknown> = {}
  for (const role of ['bos', 'eos', 'sep']) {
    const isAdded = flag(`add_${role}_token`)
    if (isAdded !== undefined) tokenizer[`add_${role}_token`] = isAdded
  }
  if (kind === 'llama') {
    files.set('tokenizer.model', sentencePieceModel(tokens, types, listOf<number>(metadata, 'scores')))
    tokenizer.add_prefix_space = flag('add_space_prefix')
    return {
      tokenizer,
      ids: { bos_token_id: idOf('bos'), eos_token_id: idOf('eos'), unk_token_id: idOf('unknown') },
    }
  }
  for (const [role, name] of [
    ['bos', 'bos'],
    ['eos', 'eos'],
    ['unk', 'unknown'],
    ['sep', 'seperator'],
    ['pad', 'padding'],
    ['mask', 'mask'],
  ]) {
    const id = idOf(name)
    if (id !== undefined) tokenizer[`${role}_token`] = role === 'eos' ? { content: tokens[id] } : tokens[id]
  }
  const isBert = kind === 'bert'
  const write = (text: string, id: number) => {
    if (!isBert || types[id] === 3) return text
    return text.startsWith('\u2581') ? text.slice(1) : `##${text}`
  }
  const vocab = Object.fromEntries(tokens.map((text, id) => [write(text, id), id]))
  if (isBert) {
    delete tokenizer.bos_token
    delete tokenizer.eos_token
    tokenizer.cls_token = '[CLS]'
    set('tokenizer.json', {
      added_tokens: special,
      normalizer: { type: 'BertNormalizer', lowercase: true, strip_accents: null },
      post_processor: {
        type: 'TemplateProcessing',
        single: [
          { SpecialToken: { id: '[CLS]' } },
          { Sequence: { id: 'A' } },
          { SpecialToken: { id: '[SEP]' } },
        ],
        pair: [
          ...[
            { SpecialToken: { id: '[CLS]' } },
            { Sequence: { id: 'A' } },
            { SpecialToken: { id: '[SEP]' } },
          ],
          ...[{ Sequence: { id: 'B' } }, { SpecialToken: { id: '[SEP]' } }],
        ],
      },
      model: { type: 'WordPiece', unk_token: '[UNK]', vocab },
    })
    return { tokenizer, ids: {} }
  }
  const merges = listOf<string>(metadata, 'merges')
  set('tokenizer.json', {
    added_tokens: special,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    // Both ways of writing them.
    model: {
      type: 'BPE',
      vocab,
      merges: merges.length % 2 === 0 ? merges : merges.map((pair) => pair.split(' ')),
    },
  })
  return { tokenizer, ids: {} }
}

function sentencePieceModel(
  tokens: readonly string[],
  types: readonly number[],
  scores: readonly number[],
): Uint8Array {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]
  const field = (number: number, bytes: Uint8Array) =>
    Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length), ...bytes])
  const pieces = tokens.map((text, id) => {
    const score = Buffer.alloc(5)
    score[0] = 2 * 8 + 5
    score.writeFloatLE(scores[id], 1)
    const type = types[id] === 1 ? [] : [3 * 8, types[id]]
    return field(1, Buffer.concat([field(1, Buffer.from(text)), score, Buffer.from(type)]))
  })
  // A trainer's settings, which do not matter here.
  return Buffer.concat([...pieces, field(2, Buffer.from([8, 1]))])
}

function listOf<T>(metadata: ReadonlyMap<string, TypedValue>, name: string): T[] {
  return Array.from((metadata.get(`tokenizer.ggml.${name}`) as TypedArrayValue).values) as T[]
}

function numberOf(metadata: ReadonlyMap<string, TypedValue>, key: string): number {
  return (metadata.get(key) as { value: number }).value
}
