import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { FAMILIES } from './families.js'

/** The name of a file's main template. */
const MAIN = 'default'

/** A template, and what it is called. */
export interface ChosenTemplate {
  /** A variant of the file, a family's name, or `given`. */
  readonly name: string
  readonly source: string
}

/**
 * The template to use: the one that is asked for (Jinja source, a variant of the file or a family by name), the file's
 * own (`tool_use` where there are tools and it has one), or that of the family that the vocabulary tells. Throws
 * `NO_TEMPLATE`, `INVALID_ARGUMENT` for a name that is none.
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
    'the model file has no chat template, and its vocabulary has the markers of no known family',
    {
      hint: `it may be no chat model; else set the option template: Jinja, or one of ${familyNames()}`,
    },
  )
}

/**
 * The template that a chat has when none is asked for: the file's own (`tool_use` where there are tools and it has one), or
 * that of the family that the vocabulary tells; `undefined` where there is neither.
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
  const own = templates.size > 0 ? `the file's own ${[...templates.keys()].join(', ')}; ` : ''
  throw new DasllamaError('INVALID_ARGUMENT', `template: there is none named ${describeValue(wanted)}`, {
    hint: `there are ${own}the families ${familyNames()}; or give the text of a Jinja template`,
  })
}

function familyNames(): string {
  return FAMILIES.map(({ name }) => name).join(', ')
}

/**
 * User-defined tokens that only the template may write, as if they were control tokens: those that it uses, those that
 * look like its markers, those that end a generation. Others, white space mostly, are part of how text is spelled.
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
