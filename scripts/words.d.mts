export interface ReplacedWord {
  readonly find: RegExp
  readonly write: string
  readonly scope?: 'prose' | 'all'
  readonly files?: RegExp
  readonly found: string
  readonly fine?: readonly string[]
}

export const WORDS: readonly ReplacedWord[]
