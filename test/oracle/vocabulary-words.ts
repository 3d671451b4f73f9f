import type { Tokenizer } from '../../src/tokenizer/tokenizer.js'
import { RandomBits } from '../support/random-model/random-bits.js'

const GAPS = ['', '', '', '', ' ', ' ', '  ', '\n', '▁', '\ufffd', 'x', '\0', '\u0301']

/** Texts that a vocabulary's tokens make up, cut and joined anywhere. */
export function* wordsOf(tokenizer: Tokenizer, seed: number, count: number): Generator<string> {
  const random = new RandomBits(seed, 'vocabulary words')
  const below = (n: number) => Math.floor(random.fraction() * n)
  for (let i = 0; i < count; i++) {
    let text = ''
    for (let parts = 1 + below(12); parts > 0; parts--) {
      const piece = tokenizer.piece(below(tokenizer.vocabSize))
      text += (below(4) > 0 ? piece : piece.slice(0, 1 + below(piece.length))) + GAPS[below(GAPS.length)]
    }
    yield text
  }
}
