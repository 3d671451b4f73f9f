import { describeValue, displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import { LIMITS } from '../../gguf/limits.js'
import { array, bool, str, type TypedValue } from '../../gguf/typed-value.js'
import { type Folder, isObject, type JsonObject } from '../folder.js'
import { preTokenizerName } from './pre-tokenizer.js'
import { sentencePieces } from './sentencepiece-model.js'
import { specialMetadata, templateMetadata } from './special-tokens.js'
import { type AddedToken, added, padding, type Token, TokenType, tokenMetadata } from './token-list.js'

type Entries = readonly (readonly [string, TypedValue])[]

/** A tokenizer as metadata. */
export interface ConvertedTokenizer {
  readonly metadata: Entries
  /** How many tokens there are. */
  readonly tokens: number
}

interface Files {
  readonly config: JsonObject
  readonly tokenizer: JsonObject | undefined
  readonly tokenizerConfig: JsonObject | undefined
  readonly addedTokens: readonly AddedToken[]
}

/**
 * Reads the tokenizer of a folder: `tokenizer.model` (SentencePiece), else `tokenizer.json` with byte-level BPE, BPE with byte
 * tokens, or WordPiece. Rejects with `NOT_FOUND` if there is neither, and `UNSUPPORTED` for other kinds. Source: `_set_vocab_gpt2`,
 * `_set_vocab_sentencepiece` of conversion/base.py, `set_vocab` of conversion/bert.py in llama.cpp.
 */
export async function convertedTokenizer(
  folder: Folder,
  config: JsonObject,
  architecture: string,
  signal?: AbortSignal,
): Promise<ConvertedTokenizer> {
  const tokenizer = await folder.json('tokenizer.json', signal)
  const tokenizerConfig = await folder.json('tokenizer_config.json', signal)
  const files = { config, tokenizer, tokenizerConfig, addedTokens: addedTokensOf(tokenizer, tokenizerConfig) }
  const pieces = architecture === 'bert' ? undefined : await folder.bytes('tokenizer.model', signal)
  const {
    tokens,
    before,
    after = [],
  } = pieces
    ? fromPieces(sentencePieces(`${folder.path}/tokenizer.model`, pieces), files)
    : fromJson(folder, files)
  const space = spacePrefix(architecture, tokenizerConfig)
  return {
    tokens: tokens.length,
    metadata: [
      ...before,
      ...tokenMetadata(tokens),
      ...after,
      ...specialMetadata(files),
      ...(space === undefined ? [] : [['tokenizer.ggml.add_space_prefix', bool(space)] as const]),
      ...(await templateMetadata(folder, tokenizerConfig, signal)),
    ],
  }
}

/** Whether texts get a leading space, in the families for which llama.cpp's converter writes the key. */
function spacePrefix(architecture: string, tokenizerConfig: JsonObject | undefined): boolean | undefined {
  if (architecture === 'gemma3') return false
  return architecture === 'llama' ? tokenizerConfig?.optionalBoolean('add_prefix_space') : undefined
}

interface Vocabulary {
  readonly tokens: readonly Token[]
  readonly before: Entries
  readonly after?: Entries
}

/** Kind of tokenizer, and of its pre-tokenizer. */
function kind(model: string, pre: string): Entries {
  return [
    ['tokenizer.ggml.model', str(model)],
    ['tokenizer.ggml.pre', str(pre)],
  ]
}

function addedTokensOf(
  tokenizer: JsonObject | undefined,
  tokenizerConfig: JsonObject | undefined,
): readonly AddedToken[] {
  const listed = tokenizer?.optionalList('added_tokens')
  const decoder = tokenizerConfig?.optionalObject('added_tokens_decoder')?.values ?? {}
  const entries =
    listed ?? Object.entries(decoder).map(([id, token]) => ({ ...(token as object), id: Number(id) }))
  return entries.map((entry) => {
    const { id, content, special } = isObject(entry) ? entry : {}
    if (!Number.isSafeInteger(id) || (id as number) < 0 || typeof content !== 'string') {
      throw (tokenizer ?? tokenizerConfig!).bad(`an added token is not valid: ${describeValue(entry)}`)
    }
    return { id: id as number, content, isSpecial: special === true }
  })
}

function fromPieces(pieces: readonly Token[], { config, addedTokens }: Files): Vocabulary {
  const size = vocabularySize(config, pieces.length)
  const tokens = pieces.slice(0, size)
  while (tokens.length < size) tokens.push(padding(tokens.length))
  for (const token of addedTokens) {
    if (token.id >= size) continue
    // A token of the vocabulary that is listed again, as <s> always is, keeps its kind and score.
    const { text, type } = tokens[token.id]
    const isKnown = text === token.content && type !== TokenType.unused && type !== TokenType.normal
    if (!isKnown) tokens[token.id] = added(token, -1000)
  }
  return { tokens, before: kind('llama', 'default') }
}

function fromJson(folder: Folder, files: Files): Vocabulary {
  const { tokenizer } = files
  if (!tokenizer) {
    throw new DasllamaError(
      'NOT_FOUND',
      `${displayName(folder.path)}: there is neither tokenizer.model nor tokenizer.json`,
    )
  }
  const model = tokenizer.object('model')
  const type = model.string('type')
  switch (type) {
    case 'BPE':
      return model.optionalBoolean('byte_fallback')
        ? fromByteFallback(model, files)
        : fromByteLevel(model, tokenizer, files)
    case 'WordPiece': {
      // A vocabulary without the marks of GGUF: words begin with U+2581, their continuations with nothing.
      const tokens = vocabularyOf(model, files, (text) =>
        text.startsWith('##') ? text.slice(2) : `\u2581${text}`,
      )
      // Nothing reads the pre-tokenizer of WordPiece; llama.cpp's converter writes this for English models.
      return { tokens, before: kind('bert', 'jina-v2-en') }
    }
    default:
      throw new DasllamaError(
        'UNSUPPORTED',
        `${model.where}: the tokenizer's type is ${describeValue(type)}`,
        {
          hint: 'BPE and WordPiece can be converted, and SentencePiece models (tokenizer.model)',
        },
      )
  }
}

function fromByteLevel(model: JsonObject, tokenizer: JsonObject, files: Files): Vocabulary {
  const merges = mergesOf(model).map(([left, right]) => `${left} ${right}`)
  return {
    tokens: vocabularyOf(model, files, (text) => text),
    before: kind('gpt2', preTokenizerName(tokenizer)),
    after: [['tokenizer.ggml.merges', array('string', merges)]],
  }
}

/**
 * SentencePiece that was turned into merges: scores that make the same merges first. llama.cpp's converter gives all tokens the
 * same score, with which merges would have no order.
 */
function fromByteFallback(model: JsonObject, files: Files): Vocabulary {
  const scores = new Map<string, number>()
  for (const [rank, [left, right]] of mergesOf(model).entries()) {
    if (!scores.has(left + right)) scores.set(left + right, -rank)
  }
  const unknown = model.optionalString('unk_token')
  const tokens = vocabularyOf(model, files, (text) => text).map((token): Token => {
    if (/^<0x[0-9A-Fa-f]{2}>$/.test(token.text)) return { ...token, type: TokenType.byte, score: 0 }
    if (token.text === unknown) return { ...token, type: TokenType.unknown, score: 0 }
    return {
      ...token,
      score: token.type === TokenType.normal ? (scores.get(token.text) ?? -scores.size) : -1000,
    }
  })
  return { tokens, before: kind('llama', 'default') }
}

/** Pairs, as lists or as texts with a space between. Spaces in a part are written as byte-level BPE writes them. */
function mergesOf(model: JsonObject): (readonly [string, string])[] {
  return model.list('merges').map((merge) => {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge
    if (
      !Array.isArray(pair) ||
      pair.length !== 2 ||
      !pair.every((part) => typeof part === 'string' && part !== '')
    ) {
      throw model.bad(`a merge is not a pair of texts: ${describeValue(merge)}`)
    }
    const [left, right] = pair.map((part: string) => part.replaceAll(' ', '\u0120'))
    return [left, right]
  })
}

/** The tokens by id, up to the model's vocabulary size; gaps are padding. `write`: the text of a token that is not added. */
function vocabularyOf(
  model: JsonObject,
  { config, addedTokens }: Files,
  write: (text: string) => string,
): Token[] {
  const ids = Object.entries(model.object('vocab').values)
  const last = addedTokens.reduce((most, { id }) => Math.max(most, id), ids.length - 1)
  const size = vocabularySize(config, last + 1)
  const tokens: Token[] = Array.from({ length: size }, (_, id) => padding(id)).map(({ text, type }) => ({
    text,
    type,
  }))
  const set = (id: unknown, text: string, token: Token) => {
    if (!(Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < size)) {
      throw model.bad(
        `token ${describeValue(text)} has the id ${describeValue(id)}, but "vocab_size" is ${size}`,
      )
    }
    tokens[id as number] = token
  }
  for (const [text, id] of ids) set(id, text, { text: write(text), type: TokenType.normal })
  for (const token of addedTokens) set(token.id, token.content, added(token))
  return tokens
}

/** config.json's number of tokens, or as many as the tokenizer has. Throws `LIMIT`. */
function vocabularySize(config: JsonObject, found: number): number {
  const size = config.optionalCount('vocab_size') ?? found
  if (size <= LIMITS.vocabulary) return size
  throw new DasllamaError(
    'LIMIT',
    `${config.where}: there are ${size} tokens; the limit is ${LIMITS.vocabulary}`,
  )
}
