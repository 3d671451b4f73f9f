import { checkOptions } from '../../checks.js'
import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'
import { checkKeys } from '../known-keys.js'
import { REPLY_FORMAT_KEYS } from '../option-keys.js'
import { DIALECTS, type ToolDialectName } from './formats/index.js'
import { REASONING_TAGS } from './formats/turn.js'

/** How a model shows what it thinks: by tags, by Harmony's channels, or not at all. */
export type ReasoningFormat = keyof typeof REASONING_TAGS | 'harmony' | 'none'

/** How a model writes a tool call. */
export type ToolFormat = ToolDialectName | 'harmony' | 'none'

/** A variable of a chat template that switches thinking on and off. */
export type ThinkingVariable = 'enable_thinking' | 'thinking' | 'reasoning_effort'

/** What a model's replies are made of. Plain data; `replyFormatOf` finds it. */
export interface ReplyFormat {
  readonly reasoning: ReasoningFormat
  readonly tools: ToolFormat
  /** The variables that the template asks for. */
  readonly thinkingVariables: readonly ThinkingVariable[]
  /** Markers that are control tokens of the vocabulary: they count as such tokens only, and never as text. */
  readonly controls: ReadonlyMap<string, TokenId>
}

/** What is to be taken instead of what a template tells. */
export type ReplyFormatOverrides = Partial<Pick<ReplyFormat, 'reasoning' | 'tools'>>

const REASONING: readonly string[] = ['none', 'harmony', ...Object.keys(REASONING_TAGS)]
const TOOLS: readonly string[] = ['none', 'harmony', ...DIALECTS.map(({ name }) => name)]
const VARIABLES: readonly ThinkingVariable[] = ['enable_thinking', 'thinking', 'reasoning_effort']

const HARMONY_SIGN = /<\|channel\|>/
/** Texts of a template or a vocabulary that tell a format; the first line that has one of its own decides. */
const REASONING_SIGNS: readonly (readonly [ReasoningFormat, RegExp])[] = [
  ['harmony', HARMONY_SIGN],
  ['gemma', /<\|channel>/],
  ['think-brackets', /\[THINK\]/],
  ['think', /<\/?think>/],
]
/**
 * The format of a model's replies, by the markers in its chat template (Jinja source; it is not run) and its
 * vocabulary. A template that knows no calls gets `hermes`, which is what a chat tells such models to write.
 * Throws `INVALID_ARGUMENT` for overrides that name no format.
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

/** By the marker that only Harmony has, or by the first dialect that knows the template. */
function toolsOf(template: string): ToolFormat {
  if (HARMONY_SIGN.test(template)) return 'harmony'
  return DIALECTS.find(({ detect }) => detect(template))?.name ?? 'hermes'
}

/** Which of the variables occur in what the template computes: no texts, no members of a message. */
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

/** A format by name, for text without a model. Throws `INVALID_ARGUMENT` for names that are none. */
export function replyFormat(names: ReplyFormatOverrides = {}): ReplyFormat {
  return replyFormatOf('', undefined, { reasoning: 'none', tools: 'none', ...names })
}

function checked<T extends string>(
  option: string,
  value: T | undefined,
  names: readonly string[],
): T | undefined {
  if (value === undefined || names.includes(value)) return value
  throw new DasllamaError('INVALID_ARGUMENT', `${option}: there is no format ${describeValue(value)}`, {
    hint: `there are ${names.join(', ')}`,
  })
}
