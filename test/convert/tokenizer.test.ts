import { describe, expect, it } from 'vitest'
import { Folder, JsonObject } from '../../src/convert/folder.js'
import { preTokenizerName } from '../../src/convert/tokenizer/pre-tokenizer.js'
import { convertedTokenizer } from '../../src/convert/tokenizer/tokenizer.js'
import { DasllamaError } from '../../src/errors.js'
import { bytesSource } from '../../src/storage/bytes.js'

function folderOf(files: Readonly<Record<string, unknown>>): Folder {
  return new Folder('m', async (path) => {
    const content = files[path.slice(2)]
    if (content === undefined) throw new DasllamaError('NOT_FOUND', path)
    return bytesSource(Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)), path)
  })
}

async function tokenizerOf(
  files: Readonly<Record<string, unknown>>,
  config: object = {},
  architecture = 'llama',
) {
  const object = new JsonObject('m/config.json', config as Record<string, unknown>)
  const { metadata } = await convertedTokenizer(folderOf(files), object, architecture)
  return (key: string) => {
    const value = new Map(metadata).get(key)
    return value?.type === 'array' ? Array.from(value.values) : value?.value
  }
}

const BYTE_LEVEL = { type: 'ByteLevel', use_regex: false }
const split = (Regex: string) => ({
  type: 'Sequence',
  pretokenizers: [{ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }, BYTE_LEVEL],
})

describe('a pre-tokenizer', () => {
  it.each([
    ['gpt-2', { type: 'ByteLevel', add_prefix_space: false, use_regex: true }],
    [
      'smollm',
      {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Digits', individual_digits: true },
          { type: 'ByteLevel', use_regex: true },
        ],
      },
    ],
    [
      'llama-bpe',
      split(
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
      ),
    ],
    [
      'qwen2',
      split(
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
      ),
    ],
    [
      'tekken',
      split(
        '[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
      ),
    ],
  ])('is found by what it does: %s', (name, rules) => {
    expect(preTokenizerName(new JsonObject('tokenizer.json', { pre_tokenizer: rules }))).toBe(name)
  })

  it.each([undefined, { type: 'Whitespace' }, split('\\w+'), { type: 'Sequence', pretokenizers: 3 }])(
    'without a name is rejected: %j',
    (rules) => {
      expect(() => preTokenizerName(new JsonObject('tokenizer.json', { pre_tokenizer: rules }))).toThrow(
        expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('"pre_tokenizer"') }),
      )
    },
  )
})

const SENTENCE_PIECE = {
  added_tokens: [
    { id: 0, content: '<unk>', special: true },
    { id: 1, content: '<s>', special: true },
    { id: 7, content: '\u2581\u2581', special: false },
    { id: 8, content: '<|im_end|>', special: false },
  ],
  model: {
    type: 'BPE',
    byte_fallback: true,
    unk_token: '<unk>',
    vocab: { '<unk>': 0, '<s>': 1, '<0x0A>': 2, a: 3, b: 4, '\u2581ab': 5, ab: 6 },
    merges: ['a b', '\u2581 ab'],
  },
}

describe('a tokenizer', () => {
  it('of SentencePiece in tokenizer.json has scores in the order of its merges', async () => {
    const get = await tokenizerOf({ 'tokenizer.json': SENTENCE_PIECE }, { vocab_size: 10 })
    expect(get('tokenizer.ggml.model')).toBe('llama')
    expect(get('tokenizer.ggml.tokens')).toEqual([
      ...['<unk>', '<s>', '<0x0A>', 'a', 'b', '\u2581ab', 'ab', '  ', '<|im_end|>', '[PAD9]'],
    ])
    expect(get('tokenizer.ggml.token_type')).toEqual([2, 3, 6, 1, 1, 1, 1, 4, 3, 5])
    const [, , , , , word, part] = get('tokenizer.ggml.scores') as number[]
    expect(part).toBeGreaterThan(word)
  })

  it('has special tokens from its files, and templates by name', async () => {
    const get = await tokenizerOf(
      {
        'tokenizer.json': {
          ...SENTENCE_PIECE,
          post_processor: {
            type: 'TemplateProcessing',
            single: [{ SpecialToken: { id: '<s>' } }, { Sequence: { id: 'A' } }],
          },
        },
        'tokenizer_config.json': {
          bos_token: '<s>',
          eos_token: { content: '<|im_end|>' },
          add_eos_token: false,
          chat_template: [
            { name: 'default', template: 'D' },
            { name: 'tool use', template: 'T' },
          ],
        },
      },
      { pad_token_id: 3, eos_token_id: 4 },
    )
    expect(get('tokenizer.ggml.bos_token_id')).toBe(1)
    expect(get('tokenizer.ggml.eos_token_id')).toBe(8)
    expect(get('tokenizer.ggml.padding_token_id')).toBe(3)
    expect(get('tokenizer.ggml.add_bos_token')).toBe(true)
    expect(get('tokenizer.ggml.add_eos_token')).toBe(false)
    expect(get('tokenizer.chat_template')).toBe('D')
    expect(get('tokenizer.chat_template.tool_use')).toBe('T')
    expect(get('tokenizer.chat_templates')).toEqual(['tool_use'])
  })

  it('of more tokens than the limit is rejected', async () => {
    const refused = tokenizerOf({ 'tokenizer.json': SENTENCE_PIECE }, { vocab_size: 1e12 })
    await expect(refused).rejects.toThrow(
      /config\.json: there are 1000000000000 tokens; the limit is 1048576/,
    )
  })

  it.each([
    ['Unigram', { model: { type: 'Unigram' } }, /the tokenizer's type is "Unigram"/],
    [
      'a merge of one part',
      { model: { ...SENTENCE_PIECE.model, merges: ['a'] } },
      /a merge is not a pair of texts: "a"/,
    ],
    [
      'an id that is not one',
      { model: { ...SENTENCE_PIECE.model, vocab: { a: -1 } } },
      /token "a" has the id -1/,
    ],
    [
      'an added token without text',
      { added_tokens: [{ id: 3 }] },
      /an added token is not valid: \{ "id": 3 \}/,
    ],
    ['no model', {}, /"model" is missing/],
  ])('with %s is rejected', async (_, tokenizer, message) => {
    await expect(tokenizerOf({ 'tokenizer.json': tokenizer })).rejects.toThrow(message)
  })
})
