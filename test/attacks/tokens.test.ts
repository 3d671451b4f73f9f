import { testAttacks } from './support/child.js'

const ATTACKS = [
  '60,000 user-defined tokens',
  '60,000 control tokens',
  '300,000 user-defined tokens',
  'tokens that are each the beginning of the next',
  'tokens that end differently',
  'control tokens within each other, in text that may not hold them',
  'a SentencePiece vocabulary of nested tokens',
]

// Some seconds on an idle machine; in time that grows with tokens times text a minute and a half, or more.
const LIMITS = { heapMegabytes: 600, residentMegabytes: 1200, seconds: 60 }

testAttacks('vocabulary', 'tokens.ts', 1, LIMITS, ATTACKS)
