import { describe, expect, it } from 'vitest'
import { createTokenizer } from '../../src/tokenizer/create.js'
import type { Tokenizer } from '../../src/tokenizer/tokenizer.js'
import { expectedIds, LOSSY_VOCABULARIES, VOCABULARIES, vocabularyMetadata } from './fixtures.js'
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

function checkRoundTrips(tokenizer: Tokenizer): void {
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
}

describe("llama.cpp's vocabularies", () => {
  // One test per vocabulary, because reading one takes most of the time.
  it.each(VOCABULARIES)(
    '%s: the ids that llama.cpp lists, and decoding gives the text back',
    async (name) => {
      const tokenizer = createTokenizer(await vocabularyMetadata(name))
      const cases = expectedIds(name)
      expect(cases.length).toBeGreaterThan(45)
      for (const { text, ids } of cases) {
        expect(tokenizer.encode(text, { addSpecial: false }), JSON.stringify(text)).toEqual(ids)
      }
      if (!LOSSY_VOCABULARIES.has(name)) checkRoundTrips(tokenizer)
    },
  )
})
