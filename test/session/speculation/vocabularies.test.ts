import { expect, it } from 'vitest'
import { checkVocabularies } from '../../../src/session/speculation/vocabularies.js'
import type { Tokenizer } from '../../../src/tokenizer/tokenizer.js'

const signal = new AbortController().signal

/** As much of a tokenizer as is compared. */
function vocabulary(pieces: readonly string[], others: Partial<Tokenizer> = {}): Tokenizer {
  const encoder = new TextEncoder()
  return {
    vocabSize: pieces.length,
    bosId: 1,
    eosId: 2,
    addsBos: true,
    addsEos: false,
    piece: (id: number) => pieces[id],
    pieceBytes: (id: number) => encoder.encode(pieces[id]),
    ...others,
  } as Tokenizer
}

const PIECES = Array.from({ length: 300 }, (_, id) => `t${id}`)
const withPiece = (id: number, piece: string) => PIECES.map((other, at) => (at === id ? piece : other))

it.each<[string, Tokenizer]>([
  ['the same vocabulary', vocabulary(PIECES)],
  ['other names of the first control tokens', vocabulary(withPiece(4, '<pad>'))],
  ['128 tokens fewer', vocabulary(PIECES.slice(0, 172))],
  ['128 tokens more', vocabulary([...PIECES, ...Array.from({ length: 128 }, (_, i) => `pad${i}`)])],
  ['another EOS that is added to no text', vocabulary(PIECES, { eosId: 7 })],
])('accepts %s', async (_, draft) => {
  await checkVocabularies(vocabulary(PIECES), draft, signal)
})

it.each<[string, Tokenizer, string]>([
  ['another token', vocabulary(withPiece(5, 'other')), 'token 5 is "other" instead of "t5"'],
  ['another last token', vocabulary(withPiece(299, 'x')), 'token 299 is "x" instead of "t299"'],
  ['129 tokens fewer', vocabulary(PIECES.slice(0, 171)), '171 tokens instead of 300'],
  ['another BOS', vocabulary(PIECES, { bosId: 3 }), 'BOS is 3 instead of 1'],
  ['no BOS', vocabulary(PIECES, { addsBos: false }), 'texts do not get BOS, and there they do'],
  ['EOS', vocabulary(PIECES, { addsEos: true }), 'texts get EOS, and there they do not'],
])('rejects %s', async (_, draft, message) => {
  // Each time: a pair that does not fit is not remembered as one that does.
  const target = vocabulary(PIECES)
  for (let i = 0; i < 2; i++) {
    await expect(checkVocabularies(target, draft, signal)).rejects.toMatchObject({
      code: 'MISMATCH',
      message: expect.stringContaining(message),
    })
  }
})

it('compares a pair once', async () => {
  const target = vocabulary(PIECES)
  let reads = 0
  const pieceBytes = (id: number) => {
    reads++
    return target.pieceBytes(id)
  }
  const draft = vocabulary(PIECES, { pieceBytes })
  await checkVocabularies(target, draft, signal)
  await checkVocabularies(target, draft, signal)
  expect(reads).toBe(295)
})
