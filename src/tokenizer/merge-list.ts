import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { LIMITS } from '../gguf/limits.js'
import type { Metadata } from '../gguf/metadata.js'
import type { WarningListener } from '../warnings.js'
import { PairTable } from './pair-table.js'
import { tooLong, type Vocabulary } from './vocabulary.js'

/**
 * The merges of a BPE vocabulary (`tokenizer.ggml.merges`). Symbols are token ids; as in llama.cpp, the parts and the
 * result of a merge need not be tokens, so further numbers follow for those that are not.
 */
export class MergeList {
  /** Rank of a pair of symbols in the list. */
  readonly ranks: PairTable
  /** Result of the merge of each rank. */
  readonly merged: Int32Array
  readonly #vocabulary: Vocabulary
  readonly #nonTokens = new Map<string, number>()
  readonly #spellings: readonly string[]

  /**
   * `warn` is called if some merges do not combine two tokens into a token. Throws `MISSING` without merges, unless they
   * are `optional`, and `LIMIT` for more than `LIMITS` allows.
   */
  constructor(
    metadata: Metadata,
    vocabulary: Vocabulary,
    { optional }: { readonly optional: boolean },
    warn?: WarningListener,
  ) {
    this.#vocabulary = vocabulary
    const merges = metadata.strings('tokenizer.ggml.merges', optional ? [] : undefined)
    if (merges.length > LIMITS.merges) {
      throw new DasllamaError(
        'LIMIT',
        `tokenizer.ggml.merges has ${merges.length} merges; the limit is ${LIMITS.merges}`,
      )
    }
    this.ranks = new PairTable(merges.length)
    this.merged = new Int32Array(merges.length)
    let rank = 0
    let irregular = 0
    let firstIrregular = ''
    let characters = 0
    for (const merge of merges) {
      characters += merge.length
      if (characters > LIMITS.vocabularyCharacters) throw tooLong('merges')
      const space = merge.indexOf(' ', 1)
      const before = this.#nonTokens.size
      if (space > 0) {
        const first = merge.slice(0, space)
        const second = merge.slice(space + 1)
        const both = this.#number(first + second)
        this.ranks.add(this.#number(first), this.#number(second), rank)
        this.merged[rank] = both
      }
      if (space < 0 || this.#nonTokens.size > before) {
        if (irregular++ === 0) firstIrregular = `merge ${rank}, ${describeValue(merge)}`
      }
      rank++
    }
    this.#spellings = [...this.#nonTokens.keys()]
    if (irregular > 0) {
      warn?.({
        code: 'METADATA_IGNORED',
        message:
          `tokenizer.ggml.merges: ${irregular} of ${merges.length} merges do not combine two tokens into a token, ` +
          `such as ${firstIrregular}`,
        hint: 'the file may be badly converted: convert or download it again if the replies are wrong',
      })
    }
  }

  /** Number of symbols: those from here on are free. */
  get symbols(): number {
    return this.#vocabulary.texts.length + this.#spellings.length
  }

  /** The symbol with this spelling, or -1. */
  symbolOf(spelling: string): number {
    return this.#vocabulary.idOf.get(spelling) ?? this.#nonTokens.get(spelling) ?? -1
  }

  /** The spelling of a symbol that is not a token. */
  spelling(symbol: number): string {
    return this.#spellings[symbol - this.#vocabulary.texts.length]
  }

  /** The symbol with this spelling, a new one if there is none. */
  #number(spelling: string): number {
    const known = this.symbolOf(spelling)
    if (known >= 0) return known
    const symbol = this.#vocabulary.texts.length + this.#nonTokens.size
    this.#nonTokens.set(spelling, symbol)
    return symbol
  }
}
