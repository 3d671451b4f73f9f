import { checkCount, checkOptions, checkString } from '../checks.js'
import { DasllamaError } from '../errors.js'
import { readList } from '../read-list.js'
import type { InfillTokens, TokenId, Tokenizer } from './tokenizer.js'
import type { Vocabulary } from './vocabulary.js'

/** A text with a gap, which a model fills: see `encodeInfill`. */
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

/** Stands between files if the vocabulary has no token for it, as in llama.cpp. */
const SNIPPET = '\n\n--- snippet ---\n\n'

/** The vocabulary's tokens for gaps; `undefined` if it lacks one that is needed. */
export function infillTokensOf({ namedIds }: Pick<Vocabulary, 'namedIds'>): InfillTokens | undefined {
  const { fimPrefix, fimSuffix, fimMiddle, fimRepository, fimSeparator } = namedIds
  if (fimPrefix === undefined || fimSuffix === undefined || fimMiddle === undefined) return undefined
  return {
    prefixId: fimPrefix,
    suffixId: fimSuffix,
    middleId: fimMiddle,
    repositoryId: fimRepository,
    fileId: fimSeparator,
  }
}

/**
 * The prompt for what stands in the gap of a text, in llama.cpp's order: BOS if the model file says so, other files, the text
 * before the gap, the text after it. Nothing in the texts becomes a control token. Throws `UNSUPPORTED` if the vocabulary
 * cannot mark a gap, `INVALID_ARGUMENT` for parts that are not texts, and `LIMIT` for a `maxTokens` that does not hold the
 * markers.
 */
export function encodeInfill(
  tokenizer: Tokenizer,
  parts: InfillParts,
  { maxTokens = Number.MAX_SAFE_INTEGER }: EncodeInfillOptions = {},
): TokenId[] {
  const { infillTokens: tokens, bosId, addsBos } = tokenizer
  if (!tokens) {
    throw new DasllamaError(
      'UNSUPPORTED',
      'the model cannot fill a gap: its vocabulary has no tokens for it',
      {
        hint: 'use a model that was trained for it, such as one for code',
      },
    )
  }
  checkParts(parts)
  checkCount('maxTokens', maxTokens, 1, Number.MAX_SAFE_INTEGER)
  const encode = (text: string) => tokenizer.encode(text, { addSpecial: false })
  const bos = addsBos && bosId !== undefined ? [bosId] : []
  const free = maxTokens - bos.length - 3
  if (free < 0) throw new DasllamaError('LIMIT', `maxTokens is ${maxTokens}, less than the markers of a gap`)
  const [prefix, suffix] = aroundGap(encode(parts.prefix), encode(parts.suffix), free)
  const others = encodeFiles(parts, tokens, encode)
  const kept = Math.min(others.length, free - prefix.length - suffix.length)
  return [
    ...bos,
    ...others.slice(others.length - kept),
    ...[tokens.prefixId, ...prefix],
    ...[tokens.suffixId, ...suffix],
    tokens.middleId,
  ]
}

function checkParts({ prefix, suffix, files = [], repository = '', fileName = '' }: InfillParts): void {
  for (const [name, text] of Object.entries({ prefix, suffix, repository, fileName })) checkString(name, text)
  readList('files', files, (file, i) => {
    checkOptions(file as InfillFile)
    const { name, text } = file as InfillFile
    checkString(`files[${i}].name`, name)
    checkString(`files[${i}].text`, text)
  })
}

/** What is next to the gap, `free` tokens at most: a part that is shorter than its share leaves the rest to the other. */
function aroundGap(
  prefix: readonly TokenId[],
  suffix: readonly TokenId[],
  free: number,
): [readonly TokenId[], readonly TokenId[]] {
  const after = Math.min(suffix.length, Math.max(Math.floor(free / 4), free - prefix.length))
  const before = Math.min(prefix.length, free - after)
  return [prefix.slice(prefix.length - before), suffix.slice(0, after)]
}

function encodeFiles(
  { files = [], repository, fileName }: InfillParts,
  { repositoryId, fileId }: InfillTokens,
  encode: (text: string) => TokenId[],
): TokenId[] {
  const ids: TokenId[] = []
  const add = (more: readonly TokenId[]) => {
    for (const id of more) ids.push(id)
  }
  const named = (id: TokenId, name: string) => add([id, ...encode(`${name}\n`)])
  if (repositoryId !== undefined && repository !== undefined) named(repositoryId, repository)
  for (const { name, text } of files) {
    if (fileId === undefined) add(encode(SNIPPET))
    else named(fileId, name)
    add(encode(text))
  }
  if (fileId !== undefined && fileName !== undefined) named(fileId, fileName)
  return ids
}
