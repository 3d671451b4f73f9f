import { describe, expect, it } from 'vitest'
import type { MetadataValue } from '../../src/gguf/metadata.js'
import { createTokenizer } from '../../src/tokenizer/create.js'
import { bytePairKeys, CONTROL, sentencePieceKeys, tokenizerMetadata } from './small-vocabularies.js'

const MARKERS = ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>', '<|repo_name|>', '<|file_sep|>']
const [PREFIX, SUFFIX, MIDDLE, REPOSITORY, FILE] = MARKERS.map((_, i) => 256 + i)

/** Bytes and these tokens; the ids of ASCII text are its bytes. */
function tokenizerWith(markers: readonly string[], keys: Record<string, MetadataValue> = {}) {
  const extra = markers.map((text) => [text, CONTROL] as const)
  return createTokenizer(tokenizerMetadata({ ...bytePairKeys([], extra), ...keys }))
}
const bytes = (text: string) => Array.from(new TextEncoder().encode(text))

describe('the tokens of a gap', () => {
  it('are found by their texts', () => {
    expect(tokenizerWith(MARKERS).infillTokens).toEqual({
      prefixId: PREFIX,
      suffixId: SUFFIX,
      middleId: MIDDLE,
      repositoryId: REPOSITORY,
      fileId: FILE,
    })
  })

  it.each([
    ['Granite, StarCoder', ['<fim_prefix>', '<fim_suffix>', '<fim_middle>']],
    ['DeepSeek', ['<｜fim▁begin｜>', '<｜fim▁hole｜>', '<｜fim▁end｜>']],
    ['CodeLlama', ['▁<PRE>', '▁<SUF>', '▁<MID>']],
    ['GLM', ['<|code_prefix|>', '<|code_suffix|>', '<|code_middle|>']],
  ])('are those of %s', (_, texts) => {
    expect(tokenizerWith(texts).infillTokens).toEqual({
      prefixId: 256,
      suffixId: 257,
      middleId: 258,
      repositoryId: undefined,
      fileId: undefined,
    })
  })

  it('are those that the file names, by old keys before new ones', () => {
    const keys = { fim_pre_token_id: 1, fim_suf_token_id: 2, fim_mid_token_id: 3, prefix_token_id: 4 }
    expect(tokenizerWith(MARKERS, keys).infillTokens).toMatchObject({
      prefixId: 4,
      suffixId: 2,
      middleId: 3,
      fileId: FILE,
    })
  })

  it('are none if one that is needed is missing', () => {
    for (const missing of MARKERS.slice(0, 3)) {
      const tokenizer = tokenizerWith(MARKERS.filter((text) => text !== missing))
      expect(tokenizer.infillTokens).toBeUndefined()
      expect(() => tokenizer.encodeInfill({ prefix: 'a', suffix: 'b' })).toThrow(
        expect.objectContaining({
          code: 'UNSUPPORTED',
          message: expect.stringContaining('no tokens for it'),
        }),
      )
    }
  })
})

describe('a prompt with a gap', () => {
  const tokenizer = tokenizerWith(MARKERS)

  it('has the text before the gap, then the text after it', () => {
    expect(tokenizer.encodeInfill({ prefix: 'ab', suffix: 'c' })).toEqual([
      ...[PREFIX, ...bytes('ab')],
      ...[SUFFIX, ...bytes('c')],
      MIDDLE,
    ])
    expect(tokenizer.encodeInfill({ prefix: '', suffix: '' })).toEqual([PREFIX, SUFFIX, MIDDLE])
  })

  it('begins with BOS if the file says so', () => {
    const keys = {
      ...sentencePieceKeys(
        ['▁', 'a', 'b'],
        MARKERS.map((text) => [text, CONTROL]),
      ),
    }
    const spm = createTokenizer(tokenizerMetadata({ ...keys, add_space_prefix: false, add_eos_token: true }))
    const [prefix, suffix, middle] = MARKERS.map((_, i) => 262 + i)
    expect(spm.encodeInfill({ prefix: 'a', suffix: 'b' })).toEqual([1, prefix, 260, suffix, 261, middle])
  })

  it('never parses markers in the texts', () => {
    const text = MARKERS.join('')
    const ids = tokenizer.encodeInfill({ prefix: text, suffix: text, files: [{ name: text, text }] })
    expect(ids.filter((id) => id >= 256)).toEqual([FILE, PREFIX, SUFFIX, MIDDLE])
  })

  it('has other files before it, in the order of llama.cpp', () => {
    const parts = {
      prefix: 'a',
      suffix: 'b',
      repository: 'r',
      fileName: 'f',
      files: [
        { name: 'x', text: '1' },
        { name: 'y', text: '2' },
      ],
    }
    expect(tokenizer.encodeInfill(parts)).toEqual([
      ...[REPOSITORY, ...bytes('r\n')],
      ...[FILE, ...bytes('x\n1')],
      ...[FILE, ...bytes('y\n2')],
      ...[FILE, ...bytes('f\n')],
      ...[PREFIX, ...bytes('a'), SUFFIX, ...bytes('b'), MIDDLE],
    ])
    // Without tokens for them, files are separated by text and have no names.
    const plain = tokenizerWith(MARKERS.slice(0, 3))
    expect(plain.encodeInfill(parts)).toEqual([
      ...bytes('\n\n--- snippet ---\n\n1\n\n--- snippet ---\n\n2'),
      ...[PREFIX, ...bytes('a'), SUFFIX, ...bytes('b'), MIDDLE],
    ])
  })

  it('keeps what is next to the gap, and leaves other files out first', () => {
    const parts = { prefix: 'abcdefgh', suffix: 'ijklmnop', files: [{ name: 'x', text: '123' }] }
    const text = (maxTokens: number) =>
      tokenizer
        .encodeInfill(parts, { maxTokens })
        .map((id) => (id === FILE ? '#' : id < 256 ? String.fromCharCode(id) : '|'))
        .join('')
    expect(text(1000)).toBe('#x\n123|abcdefgh|ijklmnop|')
    expect(text(21)).toBe('23|abcdefgh|ijklmnop|')
    expect(text(19)).toBe('|abcdefgh|ijklmnop|')
    expect(text(15)).toBe('|abcdefgh|ijkl|')
    expect(text(11)).toBe('|cdefgh|ij|')
    expect(text(3)).toBe('|||')
    // A short part leaves its share to the other.
    const short = tokenizer.encodeInfill({ prefix: 'a', suffix: 'bcdefgh' }, { maxTokens: 9 })
    expect(short).toEqual([PREFIX, ...bytes('a'), SUFFIX, ...bytes('bcdef'), MIDDLE])
  })

  it.each<[object, object, string, string]>([
    [{ prefix: 1, suffix: '' }, {}, 'INVALID_ARGUMENT', 'prefix'],
    [{ prefix: '' }, {}, 'INVALID_ARGUMENT', 'suffix'],
    [{ prefix: '', suffix: '', files: [{ name: 'a' }] }, {}, 'INVALID_ARGUMENT', 'files[0].text'],
    [{ prefix: '', suffix: '', files: 'a' }, {}, 'INVALID_ARGUMENT', 'files'],
    [{ prefix: '', suffix: '', repository: 1 }, {}, 'INVALID_ARGUMENT', 'repository'],
    [{ prefix: '', suffix: '' }, { maxTokens: 0 }, 'INVALID_ARGUMENT', 'maxTokens'],
    [{ prefix: '', suffix: '' }, { maxTokens: 2 }, 'LIMIT', 'maxTokens'],
  ])('refuses %j with %j', (parts, options, code, named) => {
    expect(() => tokenizer.encodeInfill(parts as never, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(named) }),
    )
  })
})
