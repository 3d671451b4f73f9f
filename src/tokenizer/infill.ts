import { checkCount, checkOptions, checkString } from '../checks.js'
import { DasllamaError } from '../errors.js'
import { readList } from '../read-list.js'
import type { EncodeInfillOptions, InfillParts, InfillTokens, TokenId, Tokenizer } from './tokenizer.js'
import type { Vocabulary } from './vocabulary.js'

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

/** See `Tokenizer.encodeInfill`. */
export function encodeInfill(
  tokenizer: Pick<Tokenizer, 'infillTokens' | 'bosId' | 'addsBos' | 'encode'>,
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
    checkOptions(file)
    const { name, text } = file as { readonly name?: unknown; readonly text?: unknown }
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
