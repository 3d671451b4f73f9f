/** A token's number in the vocabulary. */
export type TokenId = number

/** How a text becomes tokens. */
export interface EncodeOptions {
  /** Add BOS (and EOS) where the model file asks for it. Default true. */
  addSpecial?: boolean
  /** Read control tokens such as `<|im_end|>` written in the text as those tokens. Default false: text stays text. */
  parseSpecial?: boolean
}

/** A stretch of text, and whether control tokens may be written in it. */
export interface TextSegment {
  readonly text: string
  /** Written by someone who may: a chat template. A token counts only if all of it stands in trusted text. */
  readonly trusted: boolean
  /** What the text is known to be cut into: taken as it is. */
  readonly ids?: readonly TokenId[]
}

/** How text of several writers becomes tokens. */
export interface EncodeSegmentsOptions {
  /** Begin with BOS where the model file asks for it and the text does not do so by itself. Default true. */
  addBos?: boolean
  /** User-defined tokens that are to be read in trusted text only, as control tokens are. Default none. */
  reserved?: ReadonlySet<TokenId>
}

/** A token that stands in text as it is written. */
export interface SpecialToken {
  readonly id: TokenId
  readonly text: string
  /** Control tokens are read on request only, user-defined ones always. */
  readonly isControl: boolean
}

/** How tokens become text. */
export interface DecodeOptions {
  /** Leave control tokens out instead of writing their names. Default false. */
  skipSpecial?: boolean
}

/**
 * Text ↔ ids of one vocabulary. Stateless; ids equal llama.cpp's. Lone surrogates in text count as U+FFFD. Plain text
 * becomes a control token only with `parseSpecial`, or where a vocabulary's own merges spell one out.
 */
export interface Tokenizer {
  readonly vocabSize: number
  /** Absent where the file names none; SentencePiece then has 1 as BOS and 2 as EOS. */
  readonly bosId: TokenId | undefined
  readonly eosId: TokenId | undefined
  /** Ids that end a generation: EOS, EOT, EOM and the like, as llama.cpp finds them. */
  readonly endOfGeneration: ReadonlySet<TokenId>
  /** Throws `INVALID_ARGUMENT` for anything but a string. */
  encode(text: string, options?: EncodeOptions): TokenId[]
  /**
   * Text of several writers as one: the ids are those of `encode(all of it, { parseSpecial: true })`, but that special
   * tokens are read in trusted segments only. What is not trusted never becomes a control token or a reserved one, not
   * even by the vocabulary's own merges; words may cross from one segment to the next.
   */
  encodeSegments(segments: readonly TextSegment[], options?: EncodeSegmentsOptions): TokenId[]
  /** The control tokens (the unknown one among them) and the user-defined ones. */
  readonly specialTokens: readonly SpecialToken[]
  /**
   * The text of the ids; incomplete UTF-8 becomes U+FFFD. Throws `INVALID_ARGUMENT` for an id outside the vocabulary.
   *
   * For a whole sequence: `decode(encode(text), { skipSpecial: true })` is `text`. So where encoding puts a space
   * before the text (SentencePiece's `add_space_prefix`), the first token that is not a special one loses a leading
   * space. Text that continues another is for `createDecoder`. Unlike llama.cpp's detokenizer, it never tidies spaces
   * before punctuation away.
   */
  decode(ids: ArrayLike<TokenId>, options?: DecodeOptions): string
  /** The text of one token on its own, a control token by its name. Half a character becomes U+FFFD. */
  piece(id: TokenId): string
  /** The bytes that a token stands for (empty for a control token when `skipSpecial`). */
  pieceBytes(id: TokenId, options?: DecodeOptions): Uint8Array
  isControl(id: TokenId): boolean
  /** A decoder that takes ids one by one, never emits half a character and keeps every space. */
  createDecoder(options?: DecodeOptions): StreamDecoder
}

/** Takes the ids of one text, one after the other. */
export interface StreamDecoder {
  /** The text that became whole with this token; empty while a character is incomplete. */
  push(id: TokenId): string
  /** What is left at the end: incomplete bytes become U+FFFD. */
  end(): string
}
