import type { TokenId } from '../../tokenizer/tokenizer.js'

/** A set of tokens as bits. */
export class TokenSet {
  readonly #bits: Uint32Array
  isEmpty = true
  #others: Uint32Array | undefined

  constructor(vocabSize: number) {
    this.#bits = new Uint32Array(Math.ceil(vocabSize / 32))
  }

  addAll(ids: Iterable<TokenId>): void {
    for (const id of ids) {
      this.#bits[id >>> 5] |= 1 << (id & 31)
      this.isEmpty = false
      this.#others = undefined
    }
  }

  addSet(other: TokenSet): void {
    if (other.isEmpty) return
    for (const [i, bits] of other.#bits.entries()) this.#bits[i] |= bits
    this.isEmpty = false
    this.#others = undefined
  }

  /** All other tokens, one bit each, read-only. */
  others(): Uint32Array {
    this.#others ??= this.#bits.map((bits) => ~bits)
    return this.#others
  }
}
