import { describe, expect, it } from 'vitest'
import { createTokenizer } from '../../src/tokenizer/create.js'
import type { Tokenizer } from '../../src/tokenizer/tokenizer.js'
import { expectedIds, UNSUPPORTED_VOCABULARY, VOCABULARIES, vocabularyMetadata } from './fixtures.js'
import { randomTexts } from './random-text.js'

/** Bytes without a token: some vocabularies lack control characters and rare UTF-8 leads. */
function missingBytes(tokenizer: Tokenizer): Set<number> {
  const missing = new Set(Array.from({ length: 256 }, (_, byte) => byte))
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    const bytes = tokenizer.pieceBytes(id)
    if (bytes.length === 1) missing.delete(bytes[0])
  }
  return missing
}

describe("llama.cpp's vocabularies", () => {
  it.each(VOCABULARIES)('%s: the ids that llama.cpp lists', async (name) => {
    const tokenizer = createTokenizer(await vocabularyMetadata(name))
    const cases = expectedIds(name)
    expect(cases.length).toBe(47)
    for (const { text, ids } of cases) {
      expect(tokenizer.encode(text, { addSpecial: false }), JSON.stringify(text)).toEqual(ids)
    }
  })

  it.each(VOCABULARIES)('%s: decoding gives the text back, through a stream too', async (name) => {
    const tokenizer = createTokenizer(await vocabularyMetadata(name))
    const missing = missingBytes(tokenizer)
    for (const text of randomTexts(7, 300)) {
      // SentencePiece cannot distinguish ▁ from a space.
      const wellFormed = text.replace(/[\ud800-\udfff]/gu, '\ufffd').replaceAll('▁', ' ')
      if (new TextEncoder().encode(wellFormed).some((byte) => missing.has(byte))) continue
      const ids = tokenizer.encode(wellFormed)
      expect(tokenizer.decode(ids, { skipSpecial: true })).toBe(wellFormed)
      const stream = tokenizer.createDecoder({ skipSpecial: true })
      const streamed = ids.map((id) => stream.push(id)).join('') + stream.end()
      expect(streamed.endsWith(wellFormed)).toBe(true)
    }
  })

  it('reports an unsupported tokenizer type', async () => {
    const metadata = await vocabularyMetadata(UNSUPPORTED_VOCABULARY)
    expect(() => createTokenizer(metadata)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('"bert"') }),
    )
  })
})
