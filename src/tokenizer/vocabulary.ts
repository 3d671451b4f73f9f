import { DasllamaError } from '../errors.js'
import type { Metadata } from '../gguf/metadata.js'
import { MAX_RANKS } from './merge.js'
import { findEndOfGeneration } from './special-tokens.js'
import { attributeOfType, CONTROL, NORMAL, UNKNOWN } from './token-attributes.js'
import type { TokenId } from './tokenizer.js'

/** Tokens in a vocabulary at most: their scores must fit the ranks of a `Merger`. */
const MAX_TOKENS = MAX_RANKS

/** The part of a vocabulary that every kind of tokenizer shares. */
export interface Vocabulary {
  readonly texts: readonly string[]
  readonly idOf: ReadonlyMap<string, TokenId>
  /** Bits of `token-attributes.ts`. */
  readonly attributes: Uint8Array
  readonly bosId: TokenId | undefined
  readonly eosId: TokenId | undefined
  readonly endOfGeneration: ReadonlySet<TokenId>
}

/**
 * Reads tokens, types and special ids (`tokenizer.ggml.*`).
 * Throws `MISSING` without tokens, `BAD_FORMAT` for lists that do not fit together, for two tokens with one text and
 * for special ids outside the vocabulary, `LIMIT` for more than 2^24 tokens.
 */
export function readVocabulary(
  metadata: Metadata,
  defaults: { bosId?: TokenId; eosId?: TokenId },
): Vocabulary {
  const texts = readTexts(metadata)
  const idOf = indexTexts(texts)
  const attributes = readAttributes(metadata, texts.length)
  const named = (key: string) => readId(metadata, key, texts.length)
  const inRange = (id: TokenId | undefined) => (id !== undefined && id < texts.length ? id : undefined)
  const eosId = named('eos_token_id') ?? inRange(defaults.eosId)
  const endOfGeneration = findEndOfGeneration(
    { texts, idOf, attributes },
    {
      eos: eosId,
      eot: named('eot_token_id'),
      eom: named('eom_token_id'),
      fimPrefix: named('fim_pre_token_id') ?? named('prefix_token_id'),
      fimSuffix: named('fim_suf_token_id') ?? named('suffix_token_id'),
      fimMiddle: named('fim_mid_token_id') ?? named('middle_token_id'),
      fimPad: named('fim_pad_token_id'),
      fimRepository: named('fim_rep_token_id'),
      fimSeparator: named('fim_sep_token_id'),
    },
    readTemplate(metadata),
  )
  return {
    texts,
    idOf,
    attributes,
    bosId: named('bos_token_id') ?? inRange(defaults.bosId),
    eosId,
    endOfGeneration,
  }
}

/** The chat template where there is one; what is no text is the chat's to refuse. */
function readTemplate(metadata: Metadata): string {
  const template = metadata.get('tokenizer.chat_template')
  return typeof template === 'string' ? template : ''
}

/** Whether the token is written by name and read only on request: a control token or the unknown one. */
export function isSpecial(vocabulary: Vocabulary, id: TokenId): boolean {
  return (vocabulary.attributes[id] & (CONTROL | UNKNOWN)) !== 0
}

/** `tokenizer.ggml.<key>` as an id of the vocabulary, where the file has it. */
export function readId(metadata: Metadata, key: string, vocabSize: number): TokenId | undefined {
  const name = `tokenizer.ggml.${key}`
  if (!metadata.has(name)) return undefined
  const id = metadata.number(name)
  if (!Number.isInteger(id) || id < 0 || id >= vocabSize)
    throw malformed(`${name} is ${id}, outside the vocabulary of ${vocabSize} tokens`)
  return id
}

/** A list of numbers, one a token; absent where the file has none. */
export function readPerToken(
  metadata: Metadata,
  key: string,
  vocabSize: number,
): ArrayLike<number> | undefined {
  const name = `tokenizer.ggml.${key}`
  if (!metadata.has(name)) return undefined
  const values = metadata.numbers(name)
  if (values.length !== vocabSize)
    throw malformed(`${name} has ${values.length} entries for ${vocabSize} tokens`)
  return values
}

export function malformed(message: string): DasllamaError {
  return new DasllamaError('BAD_FORMAT', message, {
    hint: 'the file may be damaged or badly converted; convert or download it again',
  })
}

function readTexts(metadata: Metadata): readonly string[] {
  const texts = metadata.strings('tokenizer.ggml.tokens')
  if (texts.length === 0) throw malformed('tokenizer.ggml.tokens is empty')
  if (texts.length > MAX_TOKENS) {
    throw new DasllamaError(
      'LIMIT',
      `tokenizer.ggml.tokens has ${texts.length} tokens; the limit is ${MAX_TOKENS}`,
    )
  }
  // An empty text would be found everywhere; llama.cpp names such tokens the same way.
  return texts.map((text, id) => text || `[EMPTY_${id}]`)
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
  return malformed(
    `tokenizer.ggml.tokens: tokens ${first} and ${id} are both ${JSON.stringify(texts[id].slice(0, 40))}`,
  )
}

function readAttributes(metadata: Metadata, vocabSize: number): Uint8Array {
  const types = readPerToken(metadata, 'token_type', vocabSize)
  if (!types) return new Uint8Array(vocabSize).fill(NORMAL)
  return Uint8Array.from(types, attributeOfType)
}
