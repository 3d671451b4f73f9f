import type { Llama, LlamaModel } from 'node-llama-cpp'
import { beforeAll, describe, expect, it } from 'vitest'
import { Metadata } from '../../src/gguf/metadata.js'
import { createTokenizer } from '../../src/tokenizer/create.js'
import type { Tokenizer } from '../../src/tokenizer/tokenizer.js'
import {
  OTHER_VOCABULARIES,
  VOCABULARIES,
  vocabularyMetadata,
  vocabularyPath,
} from '../tokenizer/fixtures.js'
import { randomTexts } from '../tokenizer/random-text.js'
import { startLlama } from './llama-cpp.js'

const SEED = 20250101
const TEXTS_PER_VOCABULARY = 1500
const TEXTS_PER_PRE_TOKENIZER = 400

/** Pre-tokenizers that no vocabulary above has, tested on GPT-2's: one of each group of names that share a table entry. */
const OTHER_PRE_TOKENIZERS = [
  ...['default', 'smollm', 'dbrx', 'stablelm2', 'deepseek-v3', 'gpt-4o', 'tekken', 'jina-es', 'roberta-bpe'],
  ...['bloom', 'viking', 'jais-2', 'minicpm5', 'seed-coder', 'bailingmoe', 'ufakzeka', 'laguna', 'superbpe'],
  ...[
    'exaone-moe',
    'granite-embed-multi-97m',
    'tiny_aya',
    'youtu',
    'kimi-k2',
    'afmoe',
    'spark2_5',
    'chameleon',
  ],
  ...['granite-embed-multi-311m', 'sarvam-moe'],
]

let llama: Llama

beforeAll(async () => {
  llama = await startLlama()
})

/** In every special token of these vocabularies, as in what only looks like one. */
const IN_MARKERS = /[<>[\]|▁ĠĊõÁ]/

/**
 * Compares every text id for id; returns the number of ids. Texts in which special tokens may be are compared with and without
 * `parseSpecial`, the others alternately: two thirds of the time is llama.cpp's.
 */
function compare(ours: Tokenizer, oracle: LlamaModel, texts: Iterable<string>): number {
  let ids = 0
  let isSpecial = false
  for (const text of texts) {
    isSpecial = !isSpecial
    for (const parseSpecial of IN_MARKERS.test(text) ? [false, true] : [isSpecial]) {
      const expected = oracle.tokenize(text, parseSpecial)
      const actual = ours.encode(text, { addSpecial: false, parseSpecial })
      if (actual.length !== expected.length || actual.some((id, i) => id !== expected[i]))
        expect(actual, `${JSON.stringify(text)}, parseSpecial ${parseSpecial}`).toEqual(expected)
      ids += actual.length
    }
  }
  return ids
}

/**
 * Whether llama.cpp would remove spaces before punctuation and apostrophes from decoded text, which it does with
 * some vocabularies and which dasllama does with WordPiece only: decoding returns the encoded text.
 */
function llamaTidies(text: string, name: string): boolean {
  return / [?!.,']/.test(text) && name !== 'bert-bge'
}

describe('llama.cpp', () => {
  describe.each([...VOCABULARIES, ...OTHER_VOCABULARIES])('%s', (name) => {
    let ours: Tokenizer
    let oracle: LlamaModel
    beforeAll(async () => {
      ours = createTokenizer(await vocabularyMetadata(name))
      oracle = await llama.loadModel({ modelPath: vocabularyPath(name), vocabOnly: true })
      return () => oracle.dispose()
    })

    it('encodes to the same ids', () => {
      const ids = compare(ours, oracle, randomTexts(SEED, TEXTS_PER_VOCABULARY))
      console.log(`${name}: ${TEXTS_PER_VOCABULARY} texts, ${ids} ids equal`)
    })

    it('decodes each token to the same text', () => {
      let compared = 0
      for (let id = 0; id < ours.vocabSize; id++) {
        const actual = ours.decode([id])
        if (llamaTidies(actual, name)) continue
        const expected = oracle.detokenize([id as never], true)
        // A token that is not written in the byte alphabet: llama.cpp names its bytes.
        if (expected.includes('[UNK_BYTE_')) continue
        if (actual !== expected) expect(actual, `token ${id}`).toBe(expected)
        compared++
      }
      console.log(`${name}: ${compared} of ${ours.vocabSize} tokens decoded equal`)
      expect(compared).toBeGreaterThan(ours.vocabSize * 0.99)
    })

    it('has the same tokens of a gap', () => {
      const { prefix, suffix, middle } = oracle.tokens.infill
      const all = prefix !== null && suffix !== null && middle !== null
      expect(ours.infillTokens).toEqual(
        all ? expect.objectContaining({ prefixId: prefix, suffixId: suffix, middleId: middle }) : undefined,
      )
    })

    it('decodes sequences to the same text', () => {
      let compared = 0
      for (const text of randomTexts(SEED + 1, TEXTS_PER_VOCABULARY)) {
        const ids = ours.encode(text, { addSpecial: false, parseSpecial: true })
        // A special token at the start keeps llama.cpp from dropping the space that encoding inserted.
        if (ids.length > 0 && ours.pieceBytes(ids[0], { skipSpecial: true }).length === 0) continue
        for (const skipSpecial of [false, true]) {
          const actual = ours.decode(ids, { skipSpecial })
          if (llamaTidies(actual, name)) continue
          const expected = oracle.detokenize(ids as never, !skipSpecial)
          if (actual !== expected) expect(actual, JSON.stringify(text)).toBe(expected)
          compared++
        }
      }
      console.log(`${name}: ${compared} of ${2 * TEXTS_PER_VOCABULARY} decodings equal`)
      expect(compared).toBeGreaterThan(TEXTS_PER_VOCABULARY)
    })

    it('ends generations with the same ids', () => {
      const expected = Array.from({ length: ours.vocabSize }, (_, id) => id).filter((id) =>
        oracle.isEogToken(id as never),
      )
      expect([...ours.endOfGeneration].sort((a, b) => a - b)).toEqual(expected)
    })
  })

  it.each(OTHER_PRE_TOKENIZERS)('splits like pre-tokenizer %s', async (pre) => {
    const metadata = new Map((await vocabularyMetadata('gpt-2')).entries())
    metadata.set('tokenizer.ggml.pre', pre)
    const oracle = await llama.loadModel({
      modelPath: vocabularyPath('gpt-2'),
      vocabOnly: true,
      metadataOverrides: { tokenizer: { ggml: { pre } } } as never,
    })
    const ours = createTokenizer(new Metadata('gpt-2', metadata))
    const ids = compare(ours, oracle, randomTexts(SEED, TEXTS_PER_PRE_TOKENIZER))
    console.log(`${pre}: ${TEXTS_PER_PRE_TOKENIZER} texts, ${ids} ids equal`)
    await oracle.dispose()
  })
})
