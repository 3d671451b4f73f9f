import { checkOptions } from '../../checks.js'
import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'
import { checkKeys } from '../known-keys.js'
import { REPLY_FORMAT_KEYS } from '../option-keys.js'
import { DIALECTS, type ToolDialectName } from './formats/index.js'
import { REASONING_TAGS } from './formats/turn.js'

/** How a model marks its reasoning: by tags, by Harmony's channels, or not at all. */
export type ReasoningFormat = keyof typeof REASONING_TAGS | 'harmony' | 'none'

/** How a model writes a tool call. */
export type ToolFormat = ToolDialectName | 'harmony' | 'none'

/** A variable of a chat template that switches thinking on and off. */
export type ThinkingVariable = 'enable_thinking' | 'thinking' | 'reasoning_effort'

/** The format of a model's replies. Plain data; see `replyFormatOf`. */
export interface ReplyFormat {
  readonly reasoning: ReasoningFormat
  readonly tools: ToolFormat
  /** The variables that the template reads. */
  readonly thinkingVariables: readonly ThinkingVariable[]
  /** Markers that are control tokens of the vocabulary: they count only as such tokens, never as text. */
  readonly controls: ReadonlyMap<string, TokenId>
}

/** Formats that override those detected from the template. */
export type ReplyFormatOverrides = Partial<Pick<ReplyFormat, 'reasoning' | 'tools'>>

const REASONING: readonly string[] = ['none', 'harmony', ...Object.keys(REASONING_TAGS)]
const TOOLS: readonly string[] = ['none', 'harmony', ...DIALECTS.map(({ name }) => name)]
const VARIABLES: readonly ThinkingVariable[] = ['enable_thinking', 'thinking', 'reasoning_effort']

const HARMONY_SIGN = /<\|channel\|>/
/** Texts of a template by which a format is recognized; the first line that matches decides. */
const REASONING_SIGNS: readonly (readonly [ReasoningFormat, RegExp])[] = [
  ['harmony', HARMONY_SIGN],
  ['gemma', /<\|channel>/],
  ['think-brackets', /\[THINK\]/],
  ['apertus', /<\|inner_prefix\|>/],
  ['cohere', /<\|START_THINKING\|>/],
  ['seed', /<seed:think>/],
  ['minimax', /<mm:think>/],
  ['hunyuan', /<think:opensource>|<think\{\}>/],
  ['apriel', /\[BEGIN FINAL RESPONSE\]/],
  ['think', /<\/?think>/],
]
/**
 * Detects the format of a model's replies by the markers in its chat template (Jinja source; it is not run) and its
 * vocabulary. A template without calls gets `hermes`, in which a chat instructs such models to write calls. Throws
 * `INVALID_ARGUMENT` for overrides that are not known formats.
 */
export function replyFormatOf(
  template: string,
  tokenizer: Pick<Tokenizer, 'specialTokens'> | undefined,
  overrides: ReplyFormatOverrides = {},
): ReplyFormat {
  checkOptions(overrides)
  checkKeys('the reply format', overrides, REPLY_FORMAT_KEYS)
  const special = tokenizer?.specialTokens ?? []
  const hasThink = special.some(({ text }) => text === '<think>')
  const sign = REASONING_SIGNS.find(([, sign]) => sign.test(template))
  const reasoning = sign?.[0] ?? (hasThink ? 'think' : 'none')
  const tools = toolsOf(template)
  return {
    reasoning: checked('reasoning', overrides.reasoning, REASONING) ?? reasoning,
    tools: checked('tools', overrides.tools, TOOLS) ?? tools,
    thinkingVariables: variablesOf(template),
    controls: new Map(
      special.filter(({ isControl }) => isControl).map(({ text, id }) => [text, id] as const),
    ),
  }
}

/** By the marker that only Harmony has, or by the first dialect that recognizes the template. */
function toolsOf(template: string): ToolFormat {
  if (HARMONY_SIGN.test(template)) return 'harmony'
  return DIALECTS.find(({ detect }) => detect(template))?.name ?? 'hermes'
}

/** Which of the variables occur in the template's code, except in strings and as attributes. */
function variablesOf(template: string): ThinkingVariable[] {
  const found = new Set<ThinkingVariable>()
  let at = 0
  while (found.size < VARIABLES.length) {
    const start = template.indexOf('{', at)
    const kind = template[start + 1]
    if (start < 0) break
    at = start + 1
    if (kind !== '%' && kind !== '{') continue
    const end = template.indexOf(kind === '%' ? '%}' : '}}', at)
    if (end < 0) break
    const code = template.slice(at, end).replace(/'[^']*'|"[^"]*"/g, "''")
    for (const name of VARIABLES) if (new RegExp(`(?<![.\\w])${name}\\b`).test(code)) found.add(name)
    at = end
  }
  return VARIABLES.filter((name) => found.has(name))
}

/** A format by name, for parsing text without a model. Throws `INVALID_ARGUMENT` for unknown names. */
export function replyFormat(names: ReplyFormatOverrides = {}): ReplyFormat {
  return replyFormatOf('', undefined, { reasoning: 'none', tools: 'none', ...names })
}

function checked<T extends string>(
  option: string,
  value: T | undefined,
  names: readonly string[],
): T | undefined {
  if (value === undefined || names.includes(value)) return value
  throw new DasllamaError('INVALID_ARGUMENT', `${option}: unknown format ${describeValue(value)}`, {
    hint: `known formats are ${names.join(', ')}`,
  })
}
