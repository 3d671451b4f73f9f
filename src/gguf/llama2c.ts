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

/** The header of a checkpoint, in the words of llama2.c. */
export interface Llama2cHeader {
  readonly dim: number
  readonly hiddenDim: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly vocabulary: number
  readonly sequence: number
  /** The classifier is the embedding matrix; a negative vocabulary size in the file says that it is not. */
  readonly sharedClassifier: boolean
}

/** Why the numbers cannot be a checkpoint's header, or undefined when they can. */
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
  if ((dim / heads) % 2 !== 0) return `a head of ${dim / heads} is odd; rotary positions need pairs`
  if (heads % kvHeads !== 0) return `heads ${heads} is not a multiple of kvHeads ${kvHeads}`
  return undefined
}

/** Decodes the first 28 bytes. Checks nothing. */
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
 * Opens a llama2.c checkpoint of the first form (no magic, f32 weights) as if it were a GGUF file of architecture
 * `llama`. The tokenizer comes from `tokenizerSource` (`tokenizer.bin`) or, without one, follows the weights in the
 * same file.
 *
 * Rejects with `BAD_FORMAT` for an impossible header or surplus bytes, `TRUNCATED` for missing ones, `MISSING` without
 * a tokenizer, `UNSUPPORTED` for the versioned checkpoints. The sources stay open then; on success the model file
 * owns both.
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
      `${displayName(source.name)}: the weights that the header announces end at byte ${end}, the file at byte ${source.size}`,
      { hint: 'the file may be incomplete, or not a llama2.c checkpoint at all' },
    )
  }
  const surplus = source.size - end
  if (tokenizerSource && surplus > 0) {
    throw new DasllamaError(
      'BAD_FORMAT',
      `${displayName(source.name)}: ${surplus} bytes follow the weights`,
      {
        hint: 'if they are the tokenizer, leave the other one away',
      },
    )
  }
  if (!tokenizerSource && surplus === 0) {
    throw new DasllamaError(
      'MISSING',
      `${displayName(source.name)}: a llama2.c checkpoint without a tokenizer`,
      {
        hint: "give its tokenizer.bin too: the `tokenizer` option, or the command line's --tokenizer",
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
      `${displayName(cursor.name)}: a llama2.c checkpoint of a later version ("ak42")`,
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

/** Places the weights, one kind after the other and each for all layers, and tells where they end. */
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
  // Tables of cosines and sines, one value a pair and position, that run.c skips too.
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
