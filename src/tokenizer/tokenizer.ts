/** A token's number in the vocabulary. */
export type TokenId = number

export interface EncodeOptions {
  /** Add BOS (and EOS) where the model file asks for it. Default true. */
  addSpecial?: boolean
  /** Read control tokens such as `<|im_end|>` written in the text as those tokens. Default false: text stays text. */
  parseSpecial?: boolean
}

export interface DecodeOptions {
  /** Leave control tokens out instead of writing their names. Default false. */
  skipSpecial?: boolean
}

/** Text ↔ ids of one vocabulary. Stateless; ids equal llama.cpp's. */
export interface Tokenizer {
  readonly vocabSize: number
  /** Absent where the file names none. */
  readonly bosId: TokenId | undefined
  readonly eosId: TokenId | undefined
  /** Ids that end a generation: EOS, EOT, EOM and the like. */
  readonly endOfGeneration: ReadonlySet<TokenId>
  /** Throws `INVALID_ARGUMENT` for anything but a string. */
  encode(text: string, options?: EncodeOptions): TokenId[]
  /** The text of the ids; incomplete UTF-8 becomes U+FFFD. Throws `INVALID_ARGUMENT` for an id outside the vocabulary. */
  decode(ids: ArrayLike<TokenId>, options?: DecodeOptions): string
  /** The text of one token on its own, a control token by its name. Half a character becomes U+FFFD. */
  piece(id: TokenId): string
  /** The bytes that a token stands for (empty for a control token when `skipSpecial`). */
  pieceBytes(id: TokenId, options?: DecodeOptions): Uint8Array
  isControl(id: TokenId): boolean
  /** A decoder that takes ids one by one and never emits half a character. */
  createDecoder(options?: DecodeOptions): StreamDecoder
}

export interface StreamDecoder {
  /** The text that became whole with this token; empty while a character is incomplete. */
  push(id: TokenId): string
  /** What is left at the end: incomplete bytes become U+FFFD. */
  end(): string
}
