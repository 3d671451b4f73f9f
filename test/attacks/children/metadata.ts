/** Metadata that could exhaust the memory: read by everything that opens a file. */
import { ByteWriter } from '../../../src/gguf/byte-writer.js'
import { valueTypeId } from '../../../src/gguf/value-types.js'
import { type ByteSource, inspectModel, loadModel, loadTokenizer } from '../../../src/index.js'
import { attackInput, attempt } from '../support/attempt.js'
import { arrayKey, type Stretch, shortText, textKey, virtualGguf } from './virtual-file.js'

const MEBIBYTE = 2 ** 20
const ONE = Uint8Array.of(1)
const euro = new TextEncoder().encode('€€')

/** `count` keys that `make` creates from their names. */
const keys = (count: number, make: (key: string) => Stretch[]) =>
  Array.from({ length: count }, (_, i) => make(`key.${i}`))

/** A million different tokens of five letters, as one stretch. */
function tokens(count: number): Stretch[] {
  const writer = new ByteWriter()
  for (let i = 0; i < count; i++) writer.string(i.toString(36).padStart(5, '_'))
  const head = new ByteWriter()
    .string('tokenizer.ggml.tokens')
    .u32(valueTypeId('array'))
    .u32(valueTypeId('string'))
    .u64(count)
  return [head.toBytes(), writer.toBytes()].map((bytes) => ({ bytes, count: 1 }))
}

/** Text of that many bytes with its length: ASCII except for its beginning, so two bytes per character in memory. */
function longText(length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(97)
  bytes.set(euro)
  return new ByteWriter().string(bytes).toBytes()
}

const FILES: Record<string, () => ByteSource> = {
  '64 MB of booleans': () => virtualGguf(keys(8, (key) => arrayKey(key, 'bool', 8 * MEBIBYTE, ONE))),
  '256 MB of booleans': () => virtualGguf(keys(32, (key) => arrayKey(key, 'bool', 8 * MEBIBYTE, ONE))),
  'as many booleans as allowed': () =>
    virtualGguf(keys(2, (key) => arrayKey(key, 'bool', 8 * MEBIBYTE, ONE))),
  '200 MB of strings of two letters': () =>
    virtualGguf(keys(5, (key) => arrayKey(key, 'string', 4 * MEBIBYTE, shortText('ab')))),
  'as many strings of two letters as allowed': () =>
    virtualGguf(keys(2, (key) => arrayKey(key, 'string', 8 * MEBIBYTE, shortText('ab')))),
  'as many empty strings as allowed': () =>
    virtualGguf(keys(2, (key) => arrayKey(key, 'string', 8 * MEBIBYTE, shortText('')))),
  'as many doubles as allowed': () =>
    virtualGguf(keys(2, (key) => arrayKey(key, 'f64', 8 * MEBIBYTE, new Uint8Array(8)))),
  'seven texts of 60 MB': () => virtualGguf(keys(7, (key) => textKey(key, 60_000_000, euro))),
  'keys of 60 kB each': () =>
    virtualGguf(keys(1000, (key) => arrayKey(key + 'k'.repeat(60_000), 'u8', 0, ONE))),
  'arrays within arrays': () => {
    const inner = new ByteWriter().u32(valueTypeId('string')).u64(1).string('x').toBytes()
    return virtualGguf([arrayKey('key', 'array', 65_536, inner)])
  },
  'an architecture of 30 MB': () =>
    virtualGguf([
      textKey('general.architecture', 30_000_000, new TextEncoder().encode('line\n1234\u2028xy')),
    ]),
  'tokens of two letters': () =>
    virtualGguf([
      textKey('tokenizer.ggml.model', 4, new TextEncoder().encode('gpt2')),
      arrayKey('tokenizer.ggml.merges', 'string', 0, ONE),
      arrayKey('tokenizer.ggml.tokens', 'string', 8 * MEBIBYTE, shortText('ab')),
    ]),
  'tokens of 60 MB each': () =>
    virtualGguf([
      textKey('tokenizer.ggml.model', 5, new TextEncoder().encode('llama')),
      ...keys(1, () => arrayKey('tokenizer.ggml.tokens', 'string', 7, longText(60_000_000))),
    ]),
  'as many tokens as allowed': () =>
    virtualGguf([
      textKey('tokenizer.ggml.model', 5, new TextEncoder().encode('llama')),
      tokens(MEBIBYTE),
      arrayKey('tokenizer.ggml.token_type', 'i32', MEBIBYTE, Uint8Array.of(4, 0, 0, 0)),
    ]),
  'as many merges as allowed': () =>
    virtualGguf([
      textKey('tokenizer.ggml.model', 4, new TextEncoder().encode('gpt2')),
      arrayKey('tokenizer.ggml.merges', 'string', 4 * MEBIBYTE, shortText('a b')),
      arrayKey('tokenizer.ggml.tokens', 'string', 1, shortText('ab')),
    ]),
}

const name = attackInput<string>()
const source = FILES[name]()
for (const [call, work] of Object.entries({ inspectModel, loadTokenizer, loadModel })) {
  await attempt(`${call}, ${name}`, () => work(source), {
    codes: ['LIMIT', 'MISSING', 'UNSUPPORTED', 'BAD_FORMAT'],
    mayBeAccepted: true,
  })
}
