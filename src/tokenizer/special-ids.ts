import { describeValue } from '../describe.js'
import type { Metadata } from '../gguf/metadata.js'
import type { WarningListener } from '../warnings.js'
import { malformed } from './malformed.js'
import type { TokenId } from './tokenizer.js'

/** Reads the ids that a file names by role (`tokenizer.ggml.<key>`) as llama.cpp does. */
export class SpecialIds {
  readonly #metadata: Metadata
  readonly #vocabSize: number
  readonly #warn: WarningListener | undefined

  constructor(metadata: Metadata, vocabSize: number, warn: WarningListener | undefined) {
    this.#metadata = metadata
    this.#vocabSize = vocabSize
    this.#warn = warn
  }

  /**
   * The id, or undefined where the file does not have it. One that is outside the vocabulary is ignored with a warning:
   * `fallback` stands in for it, if that is a token. Throws `BAD_FORMAT` for what is not an id at all.
   */
  read(key: string, fallback?: TokenId): TokenId | undefined {
    const name = `tokenizer.ggml.${key}`
    if (!this.#metadata.has(name)) return undefined
    const id = this.#metadata.number(name)
    if (!Number.isInteger(id) || id < 0) {
      throw malformed(`${name} is ${describeValue(id)}, outside the vocabulary of ${this.#vocabSize} tokens`)
    }
    if (id < this.#vocabSize) return id
    const standIn = this.ifToken(fallback)
    this.#warn?.({
      code: 'METADATA_IGNORED',
      message:
        `${name} is ${id}, outside the vocabulary of ${this.#vocabSize} tokens; ` +
        (standIn === undefined ? 'it is taken for absent' : `${standIn} is used instead`),
      hint: 'the file may be badly converted: convert or download it again if the replies are wrong',
    })
    return standIn
  }

  /** The id where the vocabulary has such a token. */
  ifToken(id: TokenId | undefined): TokenId | undefined {
    return id !== undefined && id < this.#vocabSize ? id : undefined
  }
}
