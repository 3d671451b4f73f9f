/** A token's number in the vocabulary. */
export type TokenId = number

/** Options of `encode`. */
export interface EncodeOptions {
  /** Add BOS and EOS if the model file says so; with WordPiece always, where they are `[CLS]` and `[SEP]`. Default true. */
  addSpecial?: boolean
  /** Parse control tokens such as `<|im_end|>` in the text. Default false: they are encoded as plain text. */
  parseSpecial?: boolean
}

/** A segment of text, trusted (may contain control tokens) or not. */
export interface TextSegment {
  /** The text. */
  readonly text: string
  /** Whether control tokens are parsed, as in a chat template's own text. A token must lie entirely in trusted text. */
  readonly trusted: boolean
  /** Known token ids of the text, used as given. */
  readonly ids?: readonly TokenId[]
}

/** Options of `encodeSegments`. */
export interface EncodeSegmentsOptions {
  /** Add BOS if the model file says so and the text does not already begin with it. Default true. */
  addBos?: boolean
  /** User-defined tokens that are parsed in trusted text only, like control tokens. Default none. */
  reserved?: ReadonlySet<TokenId>
}

/** A token that is recognized in text verbatim. */
export interface SpecialToken {
  /** The token. */
  readonly id: TokenId
  /** Its text, such as `<|im_end|>`. */
  readonly text: string
  /** Control tokens are parsed on request only, user-defined ones always. */
  readonly isControl: boolean
}

/** Tokens around the parts of a text with a gap ("fill in the middle"), found as in llama.cpp. */
export interface InfillTokens {
  /** Stands before the text before the gap. */
  readonly prefixId: TokenId
  /** Stands before the text after the gap. */
  readonly suffixId: TokenId
  /** Ends the prompt: what fills the gap follows. */
  readonly middleId: TokenId
  /** Stands before the name of the repository; `undefined` if the vocabulary has none. */
  readonly repositoryId: TokenId | undefined
  /** Stands before the name of each file; `undefined` if the vocabulary has none. */
  readonly fileId: TokenId | undefined
}

/** A text with a gap, which a model fills: see `Tokenizer.encodeInfill`. */
export interface InfillParts {
  /** The text before the gap. */
  readonly prefix: string
  /** The text after the gap. */
  readonly suffix: string
  /** Other files that belong to it, the most important last. Default: none. */
  readonly files?: readonly InfillFile[]
  /** The name of the repository, if the vocabulary has a token for it. Default: left out. */
  readonly repository?: string
  /** The name of the file with the gap, if the vocabulary has a token for it. Default: left out. */
  readonly fileName?: string
}

/** A file that a model sees before a text with a gap. */
export interface InfillFile {
  /** Its name, which models without a token for it do not see. */
  readonly name: string
  /** Its text. */
  readonly text: string
}

/** Options of `encodeInfill`. */
export interface EncodeInfillOptions {
  /**
   * The most ids. What is too much is left out: first the beginning of the other files, then the text that is farthest
   * from the gap, so that three quarters of what is left precede it. Default: nothing is left out.
   */
  readonly maxTokens?: number
}

/** Options of decoding. */
export interface DecodeOptions {
  /** Skip control tokens instead of writing their names. Default false. */
  skipSpecial?: boolean
}

/**
 * Converts text to ids and back. Stateless; ids equal llama.cpp's. Lone surrogates in text count as U+FFFD. Plain text
 * becomes a control token only with `parseSpecial`, or if the vocabulary's merges produce one.
 */
export interface Tokenizer {
  /** Number of tokens: ids are 0 to `vocabSize` − 1. */
  readonly vocabSize: number
  /**
   * `undefined` if the file defines none; SentencePiece then defaults to BOS 1 and EOS 2, unigram to EOS 1, and WordPiece to
   * BOS 101, which is `[CLS]`.
   */
  readonly bosId: TokenId | undefined
  /** The token that ends a text; `undefined` if the file names none. */
  readonly eosId: TokenId | undefined
  /** End-of-generation ids: EOS, EOT, EOM and others, found as in llama.cpp. */
  readonly endOfGeneration: ReadonlySet<TokenId>
  /** Stands between two texts, and ends each with WordPiece. `undefined` if the file defines none; WordPiece's default is 102. */
  readonly separatorId: TokenId | undefined
  /** The tokens by which a model fills a gap in a text, see `encodeInfill`; `undefined` if the vocabulary lacks one that is needed. */
  readonly infillTokens: InfillTokens | undefined
  /** What the model file wants: BOS before texts, EOS after them, `separatorId` between two. */
  readonly addsBos: boolean
  /** Whether texts end with EOS by default. */
  readonly addsEos: boolean
  /** Whether `separatorId` stands between two texts by default. */
  readonly addsSeparator: boolean
  /** Ids that must never be sampled (`tokenizer.ggml.suppress_tokens`). */
  readonly suppressedIds: ReadonlySet<TokenId>
  /** Throws `INVALID_ARGUMENT` for anything but a string. */
  encode(text: string, options?: EncodeOptions): TokenId[]
  /**
   * Encodes trusted and untrusted text together: the ids are those of `encode(concatenation, { parseSpecial: true })`,
   * except that special tokens are parsed in trusted segments only. Untrusted text never becomes a control or reserved
   * token, not even by the vocabulary's merges; words may span segments.
   */
  encodeSegments(segments: readonly TextSegment[], options?: EncodeSegmentsOptions): TokenId[]
  /**
   * The prompt for what stands in the gap of a text, in llama.cpp's order: BOS if the model file says so, other files, the text
   * before the gap, the text after it. Nothing in the texts becomes a control token. Throws `UNSUPPORTED` if the vocabulary
   * cannot mark a gap, `INVALID_ARGUMENT` for parts that are not texts, and `LIMIT` for a `maxTokens` that does not hold the
   * markers.
   */
  encodeInfill(parts: InfillParts, options?: EncodeInfillOptions): TokenId[]
  /** The control tokens (including the unknown token) and the user-defined ones. */
  readonly specialTokens: readonly SpecialToken[]
  /**
   * The text of the ids; incomplete UTF-8 becomes U+FFFD. Throws `INVALID_ARGUMENT` for an id outside the vocabulary.
   *
   * For complete sequences: `decode(encode(text), { skipSpecial: true })` is `text`. So if encoding adds a space before
   * the text (SentencePiece's `add_space_prefix`), a leading space of the first non-special token is removed. Use
   * `createDecoder` for text that continues other text. Unlike llama.cpp's detokenizer, it removes spaces before punctuation
   * with WordPiece only. Normalised text (WordPiece, unigram, and BPE that drops whitespace) does not come back unchanged.
   */
  decode(ids: ArrayLike<TokenId>, options?: DecodeOptions): string
  /** The text of a single token; of a control token, its name. Incomplete UTF-8 becomes U+FFFD. */
  piece(id: TokenId): string
  /** The bytes of a token (empty for a control token with `skipSpecial`). */
  pieceBytes(id: TokenId, options?: DecodeOptions): Uint8Array
  /** Whether a token is a control token, which ordinary text never becomes. */
  isControl(id: TokenId): boolean
  /** A streaming decoder that never emits an incomplete character and keeps every space. */
  createDecoder(options?: DecodeOptions): StreamDecoder
}

/** Decodes the ids of one text one at a time. */
export interface StreamDecoder {
  /** The text completed by this token; empty while a character is incomplete. */
  push(id: TokenId): string
  /** The remaining text: incomplete bytes become U+FFFD. */
  end(): string
}
