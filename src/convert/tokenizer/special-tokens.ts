import { array, bool, str, type TypedValue, u32 } from '../../gguf/typed-value.js'
import { type Folder, isObject, type JsonObject } from '../folder.js'
import type { AddedToken } from './token-list.js'

/** Roles of tokens in tokenizer_config.json and config.json, and their keys in GGUF (one of them misspelt there). */
const ROLES = {
  bos: 'bos',
  eos: 'eos',
  unk: 'unknown',
  sep: 'seperator',
  pad: 'padding',
  mask: 'mask',
} as const

type Role = keyof typeof ROLES

/** The files that say which tokens are special. */
export interface SpecialFiles {
  readonly config: JsonObject
  readonly tokenizer: JsonObject | undefined
  readonly tokenizerConfig: JsonObject | undefined
  readonly addedTokens: readonly AddedToken[]
}

/**
 * Ids of tokens with a role, and whether BOS, EOS and SEP are added: what tokenizer_config.json says, then the post-processor
 * of tokenizer.json, then config.json. Source: `SpecialVocab` of gguf-py/gguf/vocab.py in llama.cpp.
 */
export function specialMetadata(files: SpecialFiles): (readonly [string, TypedValue])[] {
  const { config, tokenizer, tokenizerConfig, addedTokens } = files
  const texts = roleTexts(tokenizerConfig)
  // Encoders have CLS and SEP in their place.
  if (tokenizer && tokenizerConfig) {
    texts.bos ??= textOf(tokenizerConfig.get('cls_token'))
    texts.eos ??= texts.sep
  }
  const adds = tokenizer ? addedByTemplate(tokenizer, texts) : {}
  const entries: (readonly [string, TypedValue])[] = []
  for (const role of Object.keys(ROLES) as Role[]) {
    const text = texts[role]
    const fromText = text === undefined ? undefined : addedTokens.find(({ content }) => content === text)?.id
    const fromConfig = config.get(`${role}_token_id`)
    const id = fromText ?? (Number.isSafeInteger(fromConfig) ? (fromConfig as number) : undefined)
    if (id !== undefined && id >= 0) entries.push([`tokenizer.ggml.${ROLES[role]}_token_id`, u32(id)])
  }
  for (const role of ['bos', 'eos', 'sep'] as const) {
    const isAdded = tokenizerConfig?.optionalBoolean(`add_${role}_token`) ?? adds[role]
    if (isAdded !== undefined) entries.push([`tokenizer.ggml.add_${role}_token`, bool(isAdded)])
  }
  return [...entries, ...normalizerMetadata(tokenizer?.get('normalizer'))]
}

function roleTexts(tokenizerConfig: JsonObject | undefined): Partial<Record<Role, string>> {
  const roles = Object.keys(ROLES) as Role[]
  return Object.fromEntries(
    roles.flatMap((role) => {
      const text = textOf(tokenizerConfig?.get(`${role}_token`))
      return text === undefined ? [] : [[role, text]]
    }),
  )
}

/** A token of tokenizer_config.json: its text, or an object with it. */
function textOf(value: unknown): string | undefined {
  const content = isObject(value) ? value.content : value
  return typeof content === 'string' ? content : undefined
}

/** Whether a text gets tokens at its beginning and end, as the post-processor says. */
function addedByTemplate(
  tokenizer: JsonObject,
  texts: Partial<Record<Role, string>>,
): Partial<Record<'bos' | 'eos' | 'sep', boolean>> {
  const processor = tokenizer.get('post_processor')
  if (!isObject(processor)) return {}
  const parts: unknown[] = Array.isArray(processor.processors) ? processor.processors : [processor]
  const adds: Partial<Record<'bos' | 'eos' | 'sep', boolean>> = {}
  for (const part of parts) {
    if (!isObject(part)) continue
    if (part.type === 'RobertaProcessing' || part.type === 'BertProcessing') {
      return { bos: true, eos: true, sep: true }
    }
    if (part.type !== 'TemplateProcessing' || !Array.isArray(part.single) || part.single.length < 2) continue
    const [first, last] = [specialOf(part.single[0]), specialOf(part.single.at(-1))]
    if (first !== undefined) {
      texts.bos ??= first
      adds.bos = first === texts.bos
    }
    if (last !== undefined) {
      texts.eos ??= last
      adds.eos = last === texts.eos
    }
    if (Array.isArray(part.pair)) adds.sep = separates(part.pair, first, last, texts)
    if (adds.sep === undefined) delete adds.sep
  }
  return adds
}

function specialOf(value: unknown): string | undefined {
  const special = isObject(value) ? value.SpecialToken : undefined
  return isObject(special) && typeof special.id === 'string' ? special.id : undefined
}

/** Whether a separator stands between two texts; `undefined` where nothing does. */
function separates(
  pair: readonly unknown[],
  first: string | undefined,
  last: string | undefined,
  texts: Partial<Record<Role, string>>,
): boolean | undefined {
  const from = first !== undefined && specialOf(pair[0]) === first ? 1 : 0
  const to = last !== undefined && specialOf(pair.at(-1)) === last ? -1 : undefined
  const between = pair.slice(from, to).slice(1, -1)
  if (between.length === 0) return undefined
  const isSeparator = (each: unknown) => [texts.sep, texts.eos].includes(specialOf(each) ?? '')
  return (isSeparator(between[0]) && last === undefined) || (between.length === 2 && isSeparator(between[1]))
}

function normalizerMetadata(normalizer: unknown): (readonly [string, TypedValue])[] {
  if (!isObject(normalizer)) return []
  const entry = (name: string, value: unknown): (readonly [string, TypedValue])[] =>
    typeof value === 'boolean' ? [[`tokenizer.ggml.normalizer.${name}`, bool(value)]] : []
  switch (normalizer.type) {
    case 'Lowercase':
      return entry('lowercase', true)
    case 'StripAccents':
      return entry('strip_accents', true)
    case 'BertNormalizer':
      return [
        ...entry('lowercase', normalizer.lowercase),
        ...entry('strip_accents', normalizer.strip_accents),
      ]
    case 'Sequence':
      return Array.isArray(normalizer.normalizers) ? normalizer.normalizers.flatMap(normalizerMetadata) : []
    default:
      return []
  }
}

/** Chat templates: in tokenizer_config.json, `chat_template.jinja` or `chat_template.json`; one text, or several with names. */
export async function templateMetadata(
  folder: Folder,
  tokenizerConfig: JsonObject | undefined,
  signal?: AbortSignal,
): Promise<(readonly [string, TypedValue])[]> {
  const template =
    tokenizerConfig?.get('chat_template') ??
    (await folder.text('chat_template.jinja', signal)) ??
    (await folder.json('chat_template.json', signal))?.get('chat_template')
  if (typeof template === 'string') return [['tokenizer.chat_template', str(template)]]
  if (!Array.isArray(template)) return []
  const entries: (readonly [string, TypedValue])[] = []
  const names: string[] = []
  for (const each of template) {
    if (!isObject(each) || typeof each.name !== 'string' || typeof each.template !== 'string') continue
    const name = each.name.replace(/[^A-Za-z0-9]/g, '_')
    if (name === 'default') entries.push(['tokenizer.chat_template', str(each.template)])
    else {
      names.push(name)
      entries.push([`tokenizer.chat_template.${name}`, str(each.template)])
    }
  }
  return names.length === 0 ? entries : [...entries, ['tokenizer.chat_templates', array('string', names)]]
}
