import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { LIMITS } from '../gguf/limits.js'
import type { Metadata } from '../gguf/metadata.js'
import type { WarningListener } from '../warnings.js'
import { malformed } from './malformed.js'
import { SpecialIds } from './special-ids.js'
import { findEndOfGeneration, findNamedIds, type NamedIds } from './special-tokens.js'
import { attributeOfType, CONTROL, NORMAL, UNKNOWN } from './token-attributes.js'
import type { TokenId } from './tokenizer.js'

/** The part of a vocabulary that all kinds of tokenizers share. */
export interface Vocabulary {
  readonly texts: readonly string[]
  readonly idOf: ReadonlyMap<string, TokenId>
  /** Bits of `token-attributes.ts`. */
  readonly attributes: Uint8Array
  readonly bosId: TokenId | undefined
  readonly eosId: TokenId | undefined
  /** Stands between two texts. */
  readonly separatorId: TokenId | undefined
  /** Special tokens by their roles. */
  readonly namedIds: NamedIds
  readonly endOfGeneration: ReadonlySet<TokenId>
  /** Tokens that are never sampled. */
  readonly suppressed: ReadonlySet<TokenId>
}

/** Ids of tokens that mark where sequences begin and end. */
export interface SequenceEnds {
  readonly bosId?: TokenId
  readonly eosId?: TokenId
  readonly separatorId?: TokenId
}

/**
 * Reads tokens, types and special ids (`tokenizer.ggml.*`). `defaults` are the ids if the file defines none; `fallbacks`
 * replace ids outside the vocabulary, with a call of `warn`. Throws `MISSING` without tokens, `BAD_FORMAT` for lists of
 * inconsistent lengths and for duplicate tokens, `LIMIT` for more tokens than `LIMITS` allows.
 */
export function readVocabulary(
  metadata: Metadata,
  { defaults, fallbacks }: { defaults: SequenceEnds; fallbacks: SequenceEnds },
  warn?: WarningListener,
): Vocabulary {
  const texts = readTexts(metadata)
  const idOf = indexTexts(texts)
  const attributes = readAttributes(metadata, texts.length, warn)
  const ids = new SpecialIds(metadata, texts.length, warn)
  const named = (key: string) => ids.read(key)
  const eosId = ids.read('eos_token_id', fallbacks.eosId) ?? ids.ifToken(defaults.eosId)
  const tokens = { texts, idOf, attributes }
  const namedIds = findNamedIds(tokens, {
    eos: eosId,
    eot: named('eot_token_id'),
    eom: named('eom_token_id'),
    // As in llama.cpp, old key names take precedence over new ones.
    fimPrefix: named('prefix_token_id') ?? named('fim_pre_token_id'),
    fimSuffix: named('suffix_token_id') ?? named('fim_suf_token_id'),
    fimMiddle: named('middle_token_id') ?? named('fim_mid_token_id'),
    fimPad: named('fim_pad_token_id'),
    fimRepository: named('fim_rep_token_id'),
    fimSeparator: named('fim_sep_token_id'),
  })
  return {
    texts,
    idOf,
    attributes,
    bosId: ids.read('bos_token_id', fallbacks.bosId) ?? ids.ifToken(defaults.bosId),
    eosId,
    // Spelled so in the specification.
    separatorId: ids.read('seperator_token_id', fallbacks.separatorId) ?? ids.ifToken(defaults.separatorId),
    namedIds,
    endOfGeneration: findEndOfGeneration(tokens, namedIds, readTemplate(metadata)),
    suppressed: readSuppressed(metadata, texts.length),
  }
}

/** `tokenizer.ggml.suppress_tokens`. As in llama.cpp, ids outside the vocabulary are ignored. */
function readSuppressed(metadata: Metadata, vocabSize: number): Set<TokenId> {
  const key = 'tokenizer.ggml.suppress_tokens'
  const suppressed = new Set<TokenId>()
  if (!metadata.has(key)) return suppressed
  for (const id of Array.from(metadata.numbers(key))) {
    if (!Number.isInteger(id)) throw malformed(`${key} names ${describeValue(id)}, which is not a token id`)
    if (id >= 0 && id < vocabSize) suppressed.add(id)
  }
  return suppressed
}

/** The chat template, if any. One that is not a string is rejected later, when a chat is created. */
function readTemplate(metadata: Metadata): string {
  const template = metadata.get('tokenizer.chat_template')
  return typeof template === 'string' ? template : ''
}

/** Whether a token is a control token or the unknown token: decoded by name and parsed only on request. */
export function isSpecial(vocabulary: Vocabulary, id: TokenId): boolean {
  return (vocabulary.attributes[id] & (CONTROL | UNKNOWN)) !== 0
}

/**
 * A list of numbers, one per token, or `undefined` if the file has none. As in llama.cpp, surplus entries are ignored.
 */
export function readPerToken(
  metadata: Metadata,
  key: string,
  vocabSize: number,
  warn?: WarningListener,
): ArrayLike<number> | undefined {
  const name = `tokenizer.ggml.${key}`
  if (!metadata.has(name)) return undefined
  const values = metadata.numbers(name)
  if (values.length < vocabSize)
    throw malformed(`${name} has ${values.length} entries for ${vocabSize} tokens`)
  if (values.length > vocabSize) {
    warn?.({
      code: 'METADATA_IGNORED',
      message: `${name} has ${values.length} entries for ${vocabSize} tokens; the surplus entries are ignored`,
      hint: 'the file may be badly converted: convert or download it again if the replies are wrong',
    })
  }
  return values
}

function readTexts(metadata: Metadata): readonly string[] {
  const texts = metadata.strings('tokenizer.ggml.tokens')
  if (texts.length === 0) throw malformed('tokenizer.ggml.tokens is empty')
  if (texts.length > LIMITS.vocabulary) {
    throw new DasllamaError(
      'LIMIT',
      `tokenizer.ggml.tokens has ${texts.length} tokens; the limit is ${LIMITS.vocabulary}`,
    )
  }
  // An empty text would match everywhere; llama.cpp renames such tokens the same way.
  let characters = 0
  return Array.from(texts, (text, id) => {
    characters += text.length
    if (characters > LIMITS.vocabularyCharacters) throw tooLong('tokens')
    return text || `[EMPTY_${id}]`
  })
}

/** The error for a list with more text than the limit. */
export function tooLong(list: 'tokens' | 'merges'): DasllamaError {
  return new DasllamaError(
    'LIMIT',
    `tokenizer.ggml.${list} has more than ${LIMITS.vocabularyCharacters} characters in total`,
    { hint: 'the file may be damaged' },
  )
}

function indexTexts(texts: readonly string[]): Map<string, TokenId> {
  const idOf = new Map<string, TokenId>()
  for (let id = 0; id < texts.length; id++) {
    const text = texts[id]
    if (typeof text !== 'string') throw malformed(`tokenizer.ggml.tokens: token ${id} is not a string`)
    idOf.set(text, id)
    if (idOf.size <= id) throw duplicate(texts, id)
  }
  return idOf
}

function duplicate(texts: readonly string[], id: TokenId): DasllamaError {
  const first = texts.indexOf(texts[id])
  return malformed(`tokenizer.ggml.tokens: tokens ${first} and ${id} are both ${describeValue(texts[id])}`)
}

function readAttributes(
  metadata: Metadata,
  vocabSize: number,
  warn: WarningListener | undefined,
): Uint8Array {
  const types = readPerToken(metadata, 'token_type', vocabSize, warn)
  const attributes = new Uint8Array(vocabSize).fill(NORMAL)
  if (types) for (let id = 0; id < vocabSize; id++) attributes[id] = attributeOfType(types[id])
  return attributes
}
