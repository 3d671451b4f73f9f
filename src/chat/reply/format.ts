import { checkOptions } from '../../checks.js'
import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'
import { checkKeys } from '../known-keys.js'
import { REPLY_FORMAT_KEYS } from '../option-keys.js'
import {
  DIALECTS,
  SECTIONED_REASONING,
  SECTIONED_TOOLS,
  type SectionedReasoningName,
  type SectionedToolsName,
  type ToolDialectName,
} from './formats/index.js'
import { REASONING_TAGS } from './formats/turn.js'

/** How a model marks its reasoning: by tags, by sections of the reply (in Harmony its channels), or not at all. */
export type ReasoningFormat = keyof typeof REASONING_TAGS | SectionedReasoningName | 'harmony' | 'none'

/** How a model writes a tool call. */
export type ToolFormat = ToolDialectName | SectionedToolsName | 'harmony' | 'none'

/** A variable of a chat template that switches thinking on and off, or limits it. */
export type ThinkingVariable =
  | 'enable_thinking'
  | 'thinking'
  | 'thinking_mode'
  | 'thinking_budget'
  | 'reasoning_effort'
  | 'reasoning_strength'

/** The efforts by which a template switches thinking on and off. */
export interface ThinkingEfforts {
  /** The value that lets the model think. */
  readonly on: string
  /** The value that does not. */
  readonly off: string
}

/** The format of a model's replies. Plain data; see `replyFormatOf`. */
export interface ReplyFormat {
  /** How reasoning is marked. */
  readonly reasoning: ReasoningFormat
  /** How tool calls are written. */
  readonly tools: ToolFormat
  /** The variables that the template reads. */
  readonly thinkingVariables: readonly ThinkingVariable[]
  /** Values of `reasoning_effort`, if the template has its own. Default: `medium` and `low`. */
  readonly thinkingEfforts?: ThinkingEfforts
  /** Markers that are control tokens of the vocabulary: they count only as such tokens, never as text. */
  readonly controls: ReadonlyMap<string, TokenId>
}

/** Formats that override those detected from the template. */
export type ReplyFormatOverrides = Partial<Pick<ReplyFormat, 'reasoning' | 'tools'>>

const namesOf = (formats: readonly { readonly name: string }[]) => formats.map(({ name }) => name)
const REASONING: readonly string[] = [
  ...['none', 'harmony'],
  ...Object.keys(REASONING_TAGS),
  ...namesOf(SECTIONED_REASONING),
]
const TOOLS: readonly string[] = ['none', 'harmony', ...namesOf(SECTIONED_TOOLS), ...namesOf(DIALECTS)]
const VARIABLES: readonly ThinkingVariable[] = [
  ...(['enable_thinking', 'thinking', 'thinking_mode', 'thinking_budget'] as const),
  ...(['reasoning_effort', 'reasoning_strength'] as const),
]
/** What a template must also contain for a variable: others compute one of that name. */
const VARIABLE_SIGNS: Readonly<Partial<Record<ThinkingVariable, RegExp>>> = {
  thinking_mode: /thinking_mode\s*==\s*['"](?:en|dis)abled['"]/,
}
/** Efforts of templates that accept only their own, or with which `low` still thinks. */
const EFFORT_SIGNS: readonly (readonly [RegExp, ThinkingEfforts])[] = [
  [/['"]no_think['"]/, { on: 'high', off: 'no_think' }],
  [/reasoning_effort\s*(?:\|\s*lower\s*)?==\s*['"]none['"]/, { on: 'medium', off: 'none' }],
]

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
  const reasoning = reasoningOf(template) ?? (hasThink ? 'think' : 'none')
  const tools = toolsOf(template)
  const thinkingVariables = variablesOf(template)
  const efforts = thinkingVariables.includes('reasoning_effort')
    ? EFFORT_SIGNS.find(([sign]) => sign.test(template))?.[1]
    : undefined
  return {
    reasoning: checked('reasoning', overrides.reasoning, REASONING) ?? reasoning,
    tools: checked('tools', overrides.tools, TOOLS) ?? tools,
    thinkingVariables,
    ...(efforts && { thinkingEfforts: efforts }),
    controls: new Map(
      special.filter(({ isControl }) => isControl).map(({ text, id }) => [text, id] as const),
    ),
  }
}

function reasoningOf(template: string): ReasoningFormat | undefined {
  const sectioned = SECTIONED_REASONING.find(({ detect }) => detect(template))
  return sectioned?.name ?? REASONING_SIGNS.find(([, sign]) => sign.test(template))?.[0]
}

/** By the marker that only Harmony has, or by the first format that recognizes the template. */
function toolsOf(template: string): ToolFormat {
  if (HARMONY_SIGN.test(template)) return 'harmony'
  return [...SECTIONED_TOOLS, ...DIALECTS].find(({ detect }) => detect(template))?.name ?? 'hermes'
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
  return VARIABLES.filter((name) => found.has(name) && (VARIABLE_SIGNS[name]?.test(template) ?? true))
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
