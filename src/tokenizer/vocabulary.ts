import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { LIMITS } from '../gguf/limits.js'
import type { Metadata } from '../gguf/metadata.js'
import type { WarningListener } from '../warnings.js'
import { malformed } from './malformed.js'
import { SpecialIds } from './special-ids.js'
import { findEndOfGeneration } from './special-tokens.js'
import { attributeOfType, CONTROL, NORMAL, UNKNOWN } from './token-attributes.js'
import type { TokenId } from './tokenizer.js'

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

/** The ids that begin and end a sequence. */
export interface SequenceEnds {
  readonly bosId?: TokenId
  readonly eosId?: TokenId
}

/**
 * Reads tokens, types and special ids (`tokenizer.ggml.*`).
 * `defaults` are the ids of a kind of tokenizer whose files need not name them; `standIns` take the place of ids that are
 * outside the vocabulary, of which `warn` is told. Throws `MISSING` without tokens, `BAD_FORMAT` for lists that do not fit
 * together and for two tokens with one text, `LIMIT` for more tokens than `LIMITS` allows.
 */
export function readVocabulary(
  metadata: Metadata,
  { defaults, standIns }: { defaults: SequenceEnds; standIns: SequenceEnds },
  warn?: WarningListener,
): Vocabulary {
  const texts = readTexts(metadata)
  const idOf = indexTexts(texts)
  const attributes = readAttributes(metadata, texts.length, warn)
  const ids = new SpecialIds(metadata, texts.length, warn)
  const named = (key: string) => ids.read(key)
  const eosId = ids.read('eos_token_id', standIns.eosId) ?? ids.ifToken(defaults.eosId)
  const endOfGeneration = findEndOfGeneration(
    { texts, idOf, attributes },
    {
      eos: eosId,
      eot: named('eot_token_id'),
      eom: named('eom_token_id'),
      // As in llama.cpp, the old names come before the new ones.
      fimPrefix: named('prefix_token_id') ?? named('fim_pre_token_id'),
      fimSuffix: named('suffix_token_id') ?? named('fim_suf_token_id'),
      fimMiddle: named('middle_token_id') ?? named('fim_mid_token_id'),
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
    bosId: ids.read('bos_token_id', standIns.bosId) ?? ids.ifToken(defaults.bosId),
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

/**
 * A list of numbers, one per token; absent where the file has none. As in llama.cpp, what is beyond the last token does not
 * count.
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
      message: `${name} has ${values.length} entries for ${vocabSize} tokens; those beyond the last token are ignored`,
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
  // An empty text would be found everywhere; llama.cpp names such tokens the same way.
  return Array.from(texts, (text, id) => text || `[EMPTY_${id}]`)
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
