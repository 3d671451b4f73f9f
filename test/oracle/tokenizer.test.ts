import { getLlama, type Llama, LlamaLogLevel, type LlamaModel } from 'node-llama-cpp'
import { beforeAll, describe, expect, it } from 'vitest'
import { Metadata } from '../../src/gguf/metadata.js'
import { createTokenizer } from '../../src/tokenizer/create.js'
import type { Tokenizer } from '../../src/tokenizer/tokenizer.js'
import { haveVocabularies, VOCABULARIES, vocabularyMetadata, vocabularyPath } from '../tokenizer/fixtures.js'
import { randomTexts } from '../tokenizer/random-text.js'

const SEED = 20250101
const TEXTS_PER_VOCABULARY = 4000
const TEXTS_PER_PRE_TOKENIZER = 1500

/** Pre-tokenizers that no vocabulary above has, tried on GPT-2's: names that share a table entry, one of each. */
const OTHER_PRE_TOKENIZERS = ['default', 'command-r', 'smollm', 'dbrx', 'stablelm2', 'qwen35', 'deepseek-llm']

let llama: Llama

beforeAll(async () => {
  llama = await getLlama({
    gpu: false,
    build: 'never',
    progressLogs: false,
    logLevel: LlamaLogLevel.disabled,
  })
})

/** Compares every text with and without its control tokens read, id for id; gives the number of ids. */
function compare(ours: Tokenizer, oracle: LlamaModel, texts: Iterable<string>): number {
  let ids = 0
  for (const text of texts) {
    for (const parseSpecial of [false, true]) {
      const expected = oracle.tokenize(text, parseSpecial)
      const actual = ours.encode(text, { addSpecial: false, parseSpecial })
      if (actual.length !== expected.length || actual.some((id, i) => id !== expected[i]))
        expect(actual, `${JSON.stringify(text)}, parseSpecial ${parseSpecial}`).toEqual(expected)
      ids += actual.length
    }
  }
  return ids
}

describe.skipIf(!haveVocabularies)('llama.cpp', () => {
  describe.each(VOCABULARIES)('%s', (name) => {
    let ours: Tokenizer
    let oracle: LlamaModel
    beforeAll(async () => {
      ours = createTokenizer(await vocabularyMetadata(name))
      oracle = await llama.loadModel({ modelPath: vocabularyPath(name), vocabOnly: true })
      return () => oracle.dispose()
    })

    it('encodes to the same ids', () => {
      const ids = compare(ours, oracle, randomTexts(SEED, TEXTS_PER_VOCABULARY))
      console.log(`${name}: ${TEXTS_PER_VOCABULARY} texts, twice each, ${ids} ids equal`)
    })

    it('ends generations with the same ids', () => {
      const expected = Array.from({ length: ours.vocabSize }, (_, id) => id).filter((id) =>
        oracle.isEogToken(id as never),
      )
      expect([...ours.endOfGeneration].sort((a, b) => a - b)).toEqual(expected)
    })
  })

  it.each(OTHER_PRE_TOKENIZERS)('cuts as pre-tokenizer %s', async (pre) => {
    const metadata = new Map((await vocabularyMetadata('gpt-2')).entries())
    metadata.set('tokenizer.ggml.pre', pre)
    const oracle = await llama.loadModel({
      modelPath: vocabularyPath('gpt-2'),
      vocabOnly: true,
      metadataOverrides: { tokenizer: { ggml: { pre } } } as never,
    })
    const ours = createTokenizer(new Metadata('gpt-2', metadata))
    const ids = compare(ours, oracle, randomTexts(SEED, TEXTS_PER_PRE_TOKENIZER))
    console.log(`${pre}: ${TEXTS_PER_PRE_TOKENIZER} texts, twice each, ${ids} ids equal`)
    await oracle.dispose()
  })
})
