import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { closeAll } from '../storage/close-all.js'
import type { ByteSource } from '../storage/source.js'
import { blockFormat, bytesFor } from './block-formats.js'
import { Cursor } from './cursor.js'
import { LIMITS } from './limits.js'
import { readLlama2cTokenizer } from './llama2c-tokenizer.js'
import { Metadata, type MetadataValue } from './metadata.js'
import type { ModelFile, StoredTensor } from './model-file.js'

/** Seven i32 values. */
export const LLAMA2C_HEADER_BYTES = 28
/** "ak42", the first word of llama2.c's newer, versioned checkpoints. */
export const LLAMA2C_VERSIONED_MAGIC = 0x616b3432

/** The header of a checkpoint, with llama2.c's field names. */
export interface Llama2cHeader {
  readonly dim: number
  readonly hiddenDim: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly vocabulary: number
  readonly sequence: number
  /** Whether the classifier shares the embedding matrix; a negative vocabulary size in the file means that it does not. */
  readonly sharedClassifier: boolean
}

/** Why the numbers are not a valid checkpoint header, or `undefined` if they are. */
export function headerProblem(header: Llama2cHeader): string | undefined {
  const ranges: [keyof Omit<Llama2cHeader, 'sharedClassifier'>, number][] = [
    ['dim', LIMITS.llama2c.dim],
    ['hiddenDim', LIMITS.llama2c.hiddenDim],
    ['layers', LIMITS.llama2c.layers],
    ['heads', LIMITS.llama2c.heads],
    ['kvHeads', LIMITS.llama2c.heads],
    ['vocabulary', LIMITS.llama2c.vocabulary],
    ['sequence', LIMITS.llama2c.sequence],
  ]
  for (const [field, limit] of ranges) {
    const value = header[field]
    if (value < 1 || value > limit) return `${field} is ${value}, not 1 to ${limit}`
  }
  const { dim, heads, kvHeads } = header
  if (dim % heads !== 0) return `dim ${dim} is not a multiple of heads ${heads}`
  if ((dim / heads) % 2 !== 0) return `the head dimension ${dim / heads} is odd; rotary embeddings need pairs`
  if (heads % kvHeads !== 0) return `heads ${heads} is not a multiple of kvHeads ${kvHeads}`
  return undefined
}

/** Decodes the first 28 bytes without checks. */
export function decodeLlama2cHeader(bytes: Uint8Array): Llama2cHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, LLAMA2C_HEADER_BYTES)
  const [dim, hiddenDim, layers, heads, kvHeads, vocabulary, sequence] = Array.from({ length: 7 }, (_, i) =>
    view.getInt32(4 * i, true),
  )
  return {
    dim,
    hiddenDim,
    layers,
    heads,
    kvHeads,
    vocabulary: Math.abs(vocabulary),
    sequence,
    sharedClassifier: vocabulary > 0,
  }
}

/**
 * Opens a version-0 llama2.c checkpoint (no magic, f32 weights) as if it were a GGUF file of architecture `llama`. The
 * tokenizer comes from `tokenizerSource` (`tokenizer.bin`) or follows the weights in the same file.
 *
 * Rejects with `BAD_FORMAT` for an invalid header or surplus bytes, `TRUNCATED` for missing ones, `MISSING` without a
 * tokenizer, `UNSUPPORTED` for versioned checkpoints. The sources then stay open; on success the model file owns both.
 *
 * Source: run.c (`Config`, `memory_map_weights`, `build_tokenizer`) of karpathy/llama2.c.
 */
export async function openLlama2c(
  source: ByteSource,
  tokenizerSource?: ByteSource,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<ModelFile> {
  const cursor = new Cursor(source, { signal })
  const header = await readHeader(cursor)
  const { tensors, end } = layOut(source, header)
  if (end > source.size) {
    throw new DasllamaError(
      'TRUNCATED',
      `${displayName(source.name)}: by the header the weights end at byte ${end}, but the file ends at byte ${source.size}`,
      { hint: 'the file may be incomplete, or not a llama2.c checkpoint at all' },
    )
  }
  const surplus = source.size - end
  if (tokenizerSource && surplus > 0) {
    throw new DasllamaError(
      'BAD_FORMAT',
      `${displayName(source.name)}: ${surplus} bytes follow the weights`,
      {
        hint: 'if they are the tokenizer, do not pass another one',
      },
    )
  }
  if (!tokenizerSource && surplus === 0) {
    throw new DasllamaError(
      'MISSING',
      `${displayName(source.name)}: a llama2.c checkpoint without a tokenizer`,
      {
        hint: "pass its tokenizer.bin, too: the `tokenizer` option, or the command line's --tokenizer",
      },
    )
  }
  const tokenizer = tokenizerSource
    ? new Cursor(tokenizerSource, { signal })
    : new Cursor(source, { start: end, signal })
  const vocabulary = await readLlama2cTokenizer(tokenizer, header.vocabulary)
  let tensorBytes = 0
  for (const { byteLength } of tensors.values()) tensorBytes += byteLength
  return {
    container: 'llama2c',
    version: 0,
    name: source.name,
    metadata: new Metadata(source.name, new Map([...metadataOf(header), ...vocabulary])),
    tensors,
    tensorBytes,
    async close() {
      await closeAll(tokenizerSource ? [source, tokenizerSource] : [source])
    },
  }
}

async function readHeader(cursor: Cursor): Promise<Llama2cHeader> {
  await cursor.need(LLAMA2C_HEADER_BYTES, 'the header')
  const header = decodeLlama2cHeader(cursor.bytes(LLAMA2C_HEADER_BYTES))
  if (header.dim === LLAMA2C_VERSIONED_MAGIC) {
    throw new DasllamaError(
      'UNSUPPORTED',
      `${displayName(cursor.name)}: versioned llama2.c checkpoints ("ak42") are not supported`,
      {
        hint: 'export it with `python export.py --version 0`, or convert it to GGUF',
      },
    )
  }
  const problem = headerProblem(header)
  if (problem)
    throw new DasllamaError(
      'BAD_FORMAT',
      `${displayName(cursor.name)}: not a llama2.c checkpoint: ${problem}`,
    )
  return header
}

/** Lays out the weights, tensor by tensor for all layers, and returns their end. */
function layOut(
  source: ByteSource,
  header: Llama2cHeader,
): { tensors: Map<string, StoredTensor>; end: number } {
  const { dim, hiddenDim, layers, heads, kvHeads, vocabulary, sequence, sharedClassifier } = header
  const headDim = dim / heads
  const kvDim = kvHeads * headDim
  const format = blockFormat('F32')
  const tensors = new Map<string, StoredTensor>()
  let offset = LLAMA2C_HEADER_BYTES

  const tensor = (name: string, ...shape: number[]) => {
    const elements = shape.reduce((product, dimension) => product * dimension, 1)
    const byteLength = bytesFor(format, elements)
    tensors.set(name, { name, shape, format, elements, source, offset, byteLength })
    offset += byteLength
  }
  const perLayer = (name: string, ...shape: number[]) => {
    for (let layer = 0; layer < layers; layer++) tensor(`blk.${layer}.${name}.weight`, ...shape)
  }

  tensor('token_embd.weight', dim, vocabulary)
  perLayer('attn_norm', dim)
  perLayer('attn_q', dim, dim)
  perLayer('attn_k', dim, kvDim)
  perLayer('attn_v', dim, kvDim)
  perLayer('attn_output', dim, dim)
  perLayer('ffn_norm', dim)
  perLayer('ffn_gate', dim, hiddenDim)
  perLayer('ffn_down', hiddenDim, dim)
  perLayer('ffn_up', dim, hiddenDim)
  tensor('output_norm.weight', dim)
  // Tables of cosines and sines, one value per pair and position; run.c skips them, too.
  offset += 2 * bytesFor(format, sequence * (headDim / 2))
  if (!sharedClassifier) tensor('output.weight', dim, vocabulary)
  return { tensors, end: offset }
}

function metadataOf(header: Llama2cHeader): [string, MetadataValue][] {
  return [
    ['general.architecture', 'llama'],
    ['general.name', 'llama2.c'],
    ['llama.vocab_size', header.vocabulary],
    ['llama.context_length', header.sequence],
    ['llama.embedding_length', header.dim],
    ['llama.block_count', header.layers],
    ['llama.feed_forward_length', header.hiddenDim],
    ['llama.attention.head_count', header.heads],
    ['llama.attention.head_count_kv', header.kvHeads],
    ['llama.attention.layer_norm_rms_epsilon', 1e-5],
    ['llama.rope.dimension_count', header.dim / header.heads],
    ['llama.rope.freq_base', 10_000],
  ]
}
