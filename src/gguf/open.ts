import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { ByteSource } from '../storage/source.js'
import { FIRST_WINDOW_BYTES } from './cursor.js'
import {
  decodeLlama2cHeader,
  headerProblem,
  LLAMA2C_HEADER_BYTES,
  LLAMA2C_VERSIONED_MAGIC,
  openLlama2c,
} from './llama2c.js'
import type { ModelFile } from './model-file.js'
import { openGguf } from './reader.js'

export interface OpenModelFileOptions {
  readonly signal?: AbortSignal | undefined
  /** `tokenizer.bin` of a llama2.c checkpoint; GGUF files contain theirs. */
  readonly tokenizer?: ByteSource | undefined
}

/**
 * Opens a model file of either container, detected by its first bytes. Rejects with `BAD_FORMAT`, naming the file's
 * likely format, if it is neither; otherwise as `openGguf` and `openLlama2c` do.
 */
export async function openModelFile(
  source: ByteSource,
  options: OpenModelFileOptions = {},
): Promise<ModelFile> {
  const { signal, tokenizer } = options
  const start = new Uint8Array(Math.min(FIRST_WINDOW_BYTES, source.size))
  await source.read(0, start, signal)
  return checkStart(source.name, start) === 'gguf'
    ? openGguf(source, { signal, start })
    : openLlama2c(source, tokenizer, { signal })
}

/** Detects the container from the first 512 bytes or more, or the whole file. Throws `BAD_FORMAT` if it is not a model. */
export function checkStart(name: string, start: Uint8Array): ModelFile['container'] {
  const text = latin1(start.subarray(0, 512))
  if (text.startsWith('GGUF') || text.startsWith('FUGG')) return 'gguf'
  if (looksLikeLlama2c(start)) return 'llama2c'
  throw new DasllamaError('BAD_FORMAT', `${displayName(name)}: not a model file: ${describe(start, text)}`, {
    hint: 'GGUF files begin with the letters GGUF',
  })
}

function looksLikeLlama2c(start: Uint8Array): boolean {
  if (start.length < LLAMA2C_HEADER_BYTES) return false
  const magic = new DataView(start.buffer).getUint32(0, true)
  return magic === LLAMA2C_VERSIONED_MAGIC || headerProblem(decodeLlama2cHeader(start)) === undefined
}

/** Signatures of files that are often mistaken for models. Patterns match the first bytes, one character per byte. */
const LOOKS: readonly { readonly is: (text: string) => boolean; readonly what: string }[] = [
  { is: (text) => text === '', what: 'it is empty' },
  {
    is: begins('lmgg', 'fmgg', 'tjgg', 'algg'),
    what: 'it is in an old ggml format; convert the original model to GGUF',
  },
  {
    is: begins('version https://git-lfs'),
    what: 'it is a Git LFS pointer, not the file itself; run `git lfs pull` or download the file',
  },
  {
    is: (text) => /^\s*<(!doctype|html|\?xml)/i.test(text),
    what: 'it is a web page; the address may be that of a page about the file',
  },
  { is: begins('PK\x03\x04'), what: 'it is a ZIP archive, such as a PyTorch checkpoint; convert it to GGUF' },
  {
    is: begins('\x80\x02', '\x80\x04'),
    what: 'it is a Python pickle, such as a PyTorch checkpoint; convert it to GGUF',
  },
  // u64 length of a JSON header, then the header.
  { is: (text) => text.slice(6, 9) === '\0\0{', what: 'it is a safetensors file; convert it to GGUF' },
  { is: begins('\x89HDF'), what: 'it is an HDF5 file; convert the model to GGUF' },
  { is: begins('\x1f\x8b'), what: 'it is compressed with gzip; decompress it' },
  { is: begins('\x28\xb5\x2f\xfd'), what: 'it is compressed with Zstandard; decompress it' },
  { is: (text) => /^\s*[{[]/.test(text), what: 'it looks like JSON' },
  { is: (text) => Array.from(text).every(isTextual), what: 'it looks like text' },
]

function begins(...prefixes: string[]): (text: string) => boolean {
  return (text) => prefixes.some((prefix) => text.startsWith(prefix))
}

/** Whether a character is printable or whitespace. */
function isTextual(character: string): boolean {
  return character >= ' ' || (character >= '\t' && character <= '\r')
}

function describe(start: Uint8Array, text: string): string {
  const look = LOOKS.find(({ is }) => is(text))
  if (look) return look.what
  const bytes = Array.from(start.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0'))
  return `it begins with the bytes ${bytes.join(' ')}`
}

/** One character per byte, so that patterns can match bytes. */
function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
