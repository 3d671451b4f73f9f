import { testAttacks } from './support/child.js'

const ATTACKS = [
  '60,000 user-defined tokens',
  '60,000 control tokens',
  '300,000 user-defined tokens',
  'tokens that are each a prefix of the next',
  'tokens that end differently',
  'nested control tokens, in untrusted text',
  'a SentencePiece vocabulary of nested tokens',
  'a WordPiece vocabulary of nested tokens',
  'a unigram vocabulary of nested tokens',
]

// Some seconds on an idle machine; a minute and a half or more if the time grows with tokens times text.
const LIMITS = { heapMegabytes: 600, residentMegabytes: 1200, seconds: 60 }

testAttacks('vocabulary', 'tokens.ts', 1, LIMITS, ATTACKS)
