import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { FAMILIES } from './families.js'

/** The name of a file's main template. */
const MAIN = 'default'

/** A template and its name. */
export interface ChosenTemplate {
  /** A variant of the file, a family's name, or `given`. */
  readonly name: string
  /** Jinja. */
  readonly source: string
}

/**
 * The template to use: the requested one (Jinja source, or the name of a variant of the file or of a family), the file's own
 * (`tool_use` if there are tools and the file has one), or that of the family recognized by the vocabulary. Throws
 * `NO_TEMPLATE`, `INVALID_ARGUMENT` for an unknown name.
 */
export function chooseTemplate(
  templates: ReadonlyMap<string, string>,
  tokenizer: Tokenizer,
  { wanted, hasTools }: { readonly wanted?: string; readonly hasTools?: boolean } = {},
): ChosenTemplate {
  if (wanted !== undefined) return namedTemplate(templates, wanted)
  const chosen = defaultTemplate(templates, tokenizer, { hasTools })
  if (chosen) return chosen
  throw new DasllamaError(
    'NO_TEMPLATE',
    'the model file has no chat template, and its vocabulary does not match a known family',
    {
      hint: `it may not be a chat model; otherwise set the option template: Jinja, or one of ${familyNames()}`,
    },
  )
}

/**
 * A chat's template if none is requested: the file's own (`tool_use` if there are tools and the file has one), or that of
 * the family recognized by the vocabulary; `undefined` if there is neither.
 */
export function defaultTemplate(
  templates: ReadonlyMap<string, string>,
  { specialTokens }: Pick<Tokenizer, 'specialTokens'>,
  { hasTools = false }: { readonly hasTools?: boolean } = {},
): ChosenTemplate | undefined {
  for (const name of hasTools ? ['tool_use', MAIN] : [MAIN]) {
    const source = templates.get(name)
    if (source !== undefined) return { name, source }
  }
  const special = new Set(specialTokens.map(({ text }) => text))
  const family = FAMILIES.find(
    ({ markers }) => markers.length > 0 && markers.every((marker) => special.has(marker)),
  )
  return family && { name: family.name, source: family.template }
}

function namedTemplate(templates: ReadonlyMap<string, string>, wanted: string): ChosenTemplate {
  if (typeof wanted === 'string' && /\{[{%#]/.test(wanted)) return { name: 'given', source: wanted }
  const source = templates.get(wanted) ?? FAMILIES.find(({ name }) => name === wanted)?.template
  if (source !== undefined) return { name: wanted, source }
  const own = templates.size > 0 ? `${[...templates.keys()].join(', ')} (in the file); ` : ''
  throw new DasllamaError('INVALID_ARGUMENT', `template: unknown name ${describeValue(wanted)}`, {
    hint: `known names are ${own}${familyNames()} (families); or pass the source of a Jinja template`,
  })
}

function familyNames(): string {
  return FAMILIES.map(({ name }) => name).join(', ')
}

/**
 * User-defined tokens that only the template may write, as if they were control tokens: those that it uses, those that look
 * like markers, and those that end a generation. Others, mostly white space, are ordinary text.
 */
export function reservedTokens(tokenizer: Tokenizer, template: string): ReadonlySet<TokenId> {
  const reserved = new Set<TokenId>()
  for (const { id, text, isControl } of tokenizer.specialTokens) {
    if (isControl || /^[\s▁]*$/u.test(text) || /^[\p{L}\p{N}]+$/u.test(text)) continue
    if (tokenizer.endOfGeneration.has(id) || /^<[|｜].*[|｜]>$/su.test(text) || template.includes(text)) {
      reserved.add(id)
    }
  }
  return reserved
}
