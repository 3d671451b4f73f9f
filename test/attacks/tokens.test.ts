import { describe } from 'vitest'
import { testAttack } from './support/child.js'

const ATTACKS = [
  '20,000 user-defined tokens',
  '20,000 control tokens',
  '300,000 user-defined tokens',
  'tokens that are each the beginning of the next',
  'tokens that end differently',
  'control tokens within each other, in text that may not hold them',
  'a SentencePiece vocabulary of nested tokens',
]

describe('vocabularies', () => {
  for (const attack of ATTACKS) {
    testAttack(
      `vocabulary: ${attack}`,
      'tokens.ts',
      1,
      // A second or two on an idle machine; token by token it was half a minute and more.
      { heapMegabytes: 600, residentMegabytes: 1200, seconds: 20 },
      attack,
    )
  }
})
