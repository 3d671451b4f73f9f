import { DasllamaError } from '../errors.js'
import type { Metadata } from '../gguf/metadata.js'
import type { WarningListener } from '../warnings.js'
import { encodeInfill, infillTokensOf } from './infill.js'
import { type Fragment, type Restriction, SpecialTokenFinder } from './partition.js'
import { Pieces } from './pieces.js'
import { readScheme, type Scheme } from './scheme.js'
import { type Guard, JoinedText } from './segments.js'
import { CONTROL } from './token-attributes.js'
import type {
  DecodeOptions,
  EncodeOptions,
  EncodeSegmentsOptions,
  TextSegment,
  TokenId,
  Tokenizer,
} from './tokenizer.js'
import { isSpecial } from './vocabulary.js'

/**
 * Creates the tokenizer described by a model file's metadata (`tokenizer.ggml.*`): SentencePiece (`llama`), BPE of bytes
 * (`gpt2`) or characters (`gemma4`, `whitespace`), WordPiece (`bert`), unigram (`t5`). `warn` is called for unusable keys
 * that llama.cpp ignores, too. Throws `UNSUPPORTED` for other kinds and unknown pre-tokenizers, and `MISSING`, `BAD_FORMAT`
 * or `LIMIT` for an unusable vocabulary.
 */
export function createTokenizer(metadata: Metadata, warn?: WarningListener): Tokenizer {
  const scheme = readScheme(metadata, warn)
  const { vocabulary } = scheme
  const { texts, attributes } = vocabulary
  const bosId = readAdded(metadata, 'bos', scheme, warn)
  const eosId = readAdded(metadata, 'eos', scheme, warn)
  const { separatorId } = vocabulary
  const { adds, always } = scheme
  const wantsBos = metadata.boolean('tokenizer.ggml.add_bos_token', adds.bos ?? false)
  const addBos = bosId !== undefined && ((always?.bos ?? false) || wantsBos)
  const addEos = eosId !== undefined && metadata.boolean('tokenizer.ggml.add_eos_token', adds.eos ?? false)
  const addSeparator = metadata.boolean('tokenizer.ggml.add_sep_token', adds.separator ?? false)
  const lastId = always?.finalSeparator ? separatorId : addEos ? eosId : undefined
  const finder = new SpecialTokenFinder(vocabulary, ...strippingOf(metadata))
  const pieces = new Pieces(vocabulary, scheme.spelling, { dropsFirstSpace: scheme.dropsFirstSpace ?? false })

  /** Prefix of text at the beginning and after special tokens. */
  const spacePrefix = scheme.wantsSpacePrefix ? ' ' : ''

  /** Appends the ids of text that has been split at its special tokens. `prefix` is put before the first fragment. */
  function encodeFragments(
    text: string,
    fragments: readonly Fragment[],
    prefix: string,
    ids: TokenId[],
    guardAt?: (offset: number) => Guard,
  ): void {
    for (const { start, end, id } of fragments) {
      if (id >= 0) {
        ids.push(id)
        prefix = spacePrefix
      } else {
        scheme.encode(prefix + text.slice(start, end), ids, guardAt?.(start - prefix.length))
        prefix = ''
      }
    }
  }

  const tokenizer: Tokenizer = {
    vocabSize: texts.length,
    bosId,
    eosId,
    separatorId,
    addsBos: addBos,
    addsEos: addEos,
    addsSeparator: separatorId !== undefined && addSeparator,
    endOfGeneration: vocabulary.endOfGeneration,
    suppressedIds: vocabulary.suppressed,
    infillTokens: infillTokensOf(vocabulary),
    specialTokens: finder.tokens,

    encode(text: string, { addSpecial = true, parseSpecial = false }: EncodeOptions = {}): TokenId[] {
      if (typeof text !== 'string')
        throw new DasllamaError('INVALID_ARGUMENT', `the text to encode must be a string, not ${typeof text}`)
      const wellFormed = text.replace(/[\ud800-\udfff]/gu, '\ufffd')
      const ids: TokenId[] = []
      if (addSpecial && addBos) ids.push(bosId)
      encodeFragments(
        wellFormed,
        finder.split(wellFormed, parseSpecial ? 'everywhere' : 'nowhere'),
        spacePrefix,
        ids,
      )
      if (addSpecial && lastId !== undefined) ids.push(lastId)
      return ids
    },

    encodeSegments(
      segments: readonly TextSegment[],
      { addBos: wantsBos = true, reserved }: EncodeSegmentsOptions = {},
    ): TokenId[] {
      const joined = new JoinedText(segments)
      const forbids = (id: TokenId) => isSpecial(vocabulary, id) || (reserved?.has(id) ?? false)
      const ids: TokenId[] = []
      let prefix = spacePrefix
      for (const { start, end, ids: known } of joined.stretches) {
        if (start === end) continue
        if (known) {
          for (const id of known) ids.push(id)
        } else {
          const text = joined.text.slice(start, end)
          const restriction: Restriction = {
            reserved,
            trustedEnd: (position) => joined.trustedEnd(start + position) - start,
          }
          const guardAt = (offset: number): Guard => ({
            forbids,
            isBroken(ids, first, from, to) {
              for (let i = first; i < ids.length; i++) {
                if (!forbids(ids[i])) continue
                return !joined.isTrusted(Math.max(start, start + offset + from), start + offset + to)
              }
              return false
            },
          })
          encodeFragments(text, finder.split(text, restriction), prefix, ids, guardAt)
        }
        prefix = ''
      }
      if (wantsBos && addBos && ids[0] !== bosId) ids.unshift(bosId)
      return ids
    },

    encodeInfill: (parts, options) => encodeInfill(tokenizer, parts, options),

    decode: (ids, options: DecodeOptions = {}) => pieces.decode(ids, options),
    piece: (id) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(pieces.bytes(id)),
    pieceBytes: (id, options) => pieces.bytes(id, options),
    isControl: (id) => (attributes[id] & CONTROL) !== 0,
    createDecoder: (options: DecodeOptions = {}) => pieces.stream(options),
  }
  return tokenizer
}

/** The id of BOS or EOS; llama.cpp's fallback if the file wants one added but does not define it. */
function readAdded(
  metadata: Metadata,
  name: 'bos' | 'eos',
  { vocabulary, fallbacks }: Scheme,
  warn: WarningListener | undefined,
): TokenId | undefined {
  const id = vocabulary[`${name}Id`]
  const key = `tokenizer.ggml.add_${name}_token`
  if (id !== undefined || !metadata.boolean(key, false)) return id
  const fallback = fallbacks[`${name}Id`]
  const isToken = fallback !== undefined && fallback < vocabulary.texts.length
  warn?.({
    code: 'METADATA_IGNORED',
    message: `${key} is true, but tokenizer.ggml.${name}_token_id is not set; ${isToken ? `${fallback} is used` : 'nothing is added'}`,
    hint: 'the file may be badly converted: convert or download it again if the replies are wrong',
  })
  return isToken ? fallback : undefined
}

type TextTest = (text: string) => boolean

/**
 * Which special tokens were trained with the whitespace after, and before them stripped: Phi-3's markers, and the mask of
 * some encoders. GGUF files have no key for it, so names decide, as in llama.cpp.
 */
function strippingOf(metadata: Metadata): [right: TextTest, left: TextTest] {
  const pre = metadata.string('tokenizer.ggml.pre', '')
  const architecture = metadata.string('general.architecture', '')
  const name = metadata.string('general.name', '')
  const never = () => false
  if (/jina-v2-(?:de|es|code)/.test(pre) || /nomic-bert-moe|jina-bert-v3/.test(architecture))
    return [never, (text) => text === '<mask>']
  if (/phi-?3/i.test(name)) return [(text) => !['<unk>', '<s>', '<|endoftext|>'].includes(text), never]
  return [never, (text) => text === '[MASK]' && /modern-bert/i.test(name)]
}
