import { describeValue } from '../describe.js'
import type { DasllamaError } from '../errors.js'
import type { Metadata } from '../gguf/metadata.js'
import type { WarningListener } from '../warnings.js'
import { malformed } from './malformed.js'
import type { TokenId } from './tokenizer.js'

/** Reads a file's special token ids (`tokenizer.ggml.<key>`) as llama.cpp does. */
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
   * The id, or `undefined` if the file does not have the key. An id outside the vocabulary is replaced, with a warning, by
   * `fallback` if that is a token. Throws `BAD_FORMAT` for a value that is not an id.
   */
  read(key: string, fallback?: TokenId): TokenId | undefined {
    const name = `tokenizer.ggml.${key}`
    if (!this.#metadata.has(name)) return undefined
    const id = this.#metadata.number(name)
    if (!Number.isInteger(id) || id < 0) {
      throw malformed(`${name} is ${describeValue(id)}, outside the vocabulary of ${this.#vocabSize} tokens`)
    }
    if (id < this.#vocabSize) return id
    const replacement = this.ifToken(fallback)
    this.#warn?.({
      code: 'METADATA_IGNORED',
      message:
        `${name} is ${id}, outside the vocabulary of ${this.#vocabSize} tokens; ` +
        (replacement === undefined ? 'it is ignored' : `${replacement} is used instead`),
      hint: 'the file may be badly converted: convert or download it again if the replies are wrong',
    })
    return replacement
  }

  /** The id like `read`, or the default. Throws `BAD_FORMAT` if neither is a token. */
  require(key: string, defaultId: TokenId): TokenId {
    const id = this.read(key, defaultId) ?? this.ifToken(defaultId)
    if (id === undefined) throw this.missing(key, defaultId)
    return id
  }

  /** The error for an id that a tokenizer needs, of which neither the file's nor the default is a token. */
  missing(key: string, defaultId: TokenId): DasllamaError {
    return malformed(
      `tokenizer.ggml.${key} is not set, and its default, ${defaultId}, is outside the vocabulary of ${this.#vocabSize} tokens`,
    )
  }

  /** The id if the vocabulary has it. */
  ifToken(id: TokenId | undefined): TokenId | undefined {
    return id !== undefined && id < this.#vocabSize ? id : undefined
  }
}
