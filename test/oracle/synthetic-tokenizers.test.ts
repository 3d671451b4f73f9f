import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Llama } from 'node-llama-cpp'
import { beforeAll, expect, it } from 'vitest'
import { openGguf } from '../../src/gguf/reader.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { createTokenizer } from '../../src/tokenizer/create.js'
import { temporaryFolder } from '../support/model-files.js'
import {
  characterBpeKeys,
  type TokenizerKeys,
  unigramKeys,
  vocabularyFile,
  wordPieceKeys,
} from '../support/vocabularies/random-vocabularies.js'
import { randomTexts } from '../tokenizer/random-text.js'
import { startLlama } from './llama-cpp.js'
import { wordsOf } from './vocabulary-words.js'

const SEEDS = 12
const TEXTS = 400

let llama: Llama

beforeAll(async () => {
  llama = await startLlama()
})

interface Kind {
  readonly name: string
  readonly keysOf: (seed: number) => TokenizerKeys
  readonly architecture?: string
}

const KINDS: readonly Kind[] = [
  { name: 'unigram', keysOf: unigramKeys },
  { name: 'unigram with a mask that strips whitespace', keysOf: unigramKeys, architecture: 'nomic-bert-moe' },
  { name: 'WordPiece', keysOf: wordPieceKeys },
  { name: 'gemma4', keysOf: (seed) => characterBpeKeys(seed, 'gemma4') },
  { name: 'whitespace', keysOf: (seed) => characterBpeKeys(seed, 'whitespace') },
]

it.each(KINDS)(
  '$name: random vocabularies give the ids of llama.cpp',
  async ({ name, keysOf, architecture }) => {
    await using folder = await temporaryFolder()
    let ids = 0
    for (let seed = 0; seed < SEEDS; seed++) {
      const file = vocabularyFile(keysOf(seed), architecture)
      const modelPath = join(folder.path, `${seed}.gguf`)
      await writeFile(modelPath, file)
      const ours = createTokenizer((await openGguf(bytesSource(file))).metadata)
      const oracle = await llama.loadModel({ modelPath, vocabOnly: true })
      for (const text of [...randomTexts(seed, TEXTS), ...wordsOf(ours, seed, TEXTS)]) {
        for (const parseSpecial of [false, true]) {
          const expected = oracle.tokenize(text, parseSpecial)
          const actual = ours.encode(text, { addSpecial: false, parseSpecial })
          if (actual.length !== expected.length || actual.some((id, i) => id !== expected[i]))
            expect(actual, `seed ${seed}, ${JSON.stringify(text)}, parseSpecial ${parseSpecial}`).toEqual(
              expected,
            )
          ids += actual.length
        }
      }
      // llama.cpp spells tokens of plain text in the byte alphabet when it decodes them, and tidies Gemma's.
      for (let id = 0; name !== 'whitespace' && id < ours.vocabSize; id++) {
        const text = ours.decode([id])
        if (name === 'gemma4' && / [?!.,']/.test(text)) continue
        expect(text, `seed ${seed}, token ${id}`).toBe(oracle.detokenize([id as never], true))
      }
      const sequence = Array.from({ length: ours.vocabSize }, (_, id) => ours.vocabSize - 1 - id)
      if (name === 'WordPiece') expect(ours.decode(sequence)).toBe(oracle.detokenize(sequence as never, true))
      await oracle.dispose()
    }
    console.log(`${SEEDS} vocabularies, ${4 * TEXTS} texts each, ${ids} ids equal`)
  },
)
