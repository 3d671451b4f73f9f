import { checkBoolean } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { isConstrained } from '../grammar/format.js'
import type { GenerateOptions } from '../session/generate-options.js'
import type { ConstraintSource } from '../session/token-constraint.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import type { Warning } from '../warnings.js'
import type { CallConstraint } from './calls/call-constraint.js'
import { callConstraints } from './lazy-modules.js'
import type { ReplyFormat } from './reply/format.js'
import { dialectNamed } from './reply/formats/index.js'
import type { FunctionTool } from './tools.js'

/**
 * Whether the model calls tools: as it decides (`auto`), never (`none`), always (`required`), or always this one. The prompt is the
 * same for all of them.
 */
export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string }

/** How a reply may call tools. */
export interface ToolUse {
  /**
   * Whether the model calls tools. With `required` the reply is at least one call, after the reasoning if the model reasons; with
   * `{ name }` exactly one call of that tool. Default `auto`.
   */
  toolChoice?: ToolChoice
  /** Whether a reply may have several calls; otherwise it ends after the first. Default true. */
  parallelToolCalls?: boolean
  /**
   * Whether calls are constrained from their opening marker on, so that they are well-formed calls of known tools with arguments that
   * are valid by their schemas. Forced calls always are. Default true.
   */
  constrainTools?: boolean
}

/** Throws `INVALID_ARGUMENT`. */
export function checkToolUse(use: { readonly [Key in keyof ToolUse]: ToolUse[Key] | undefined }): ToolUse {
  const { toolChoice, parallelToolCalls, constrainTools } = use
  if (parallelToolCalls !== undefined) checkBoolean('parallelToolCalls', parallelToolCalls)
  if (constrainTools !== undefined) checkBoolean('constrainTools', constrainTools)
  return {
    ...(toolChoice !== undefined && { toolChoice: checkedChoice(toolChoice) }),
    ...(parallelToolCalls !== undefined && { parallelToolCalls }),
    ...(constrainTools !== undefined && { constrainTools }),
  }
}

function checkedChoice(choice: unknown): ToolChoice {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice
  const name = nameIn(choice)
  if (name !== undefined) return { name }
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `toolChoice must be "auto", "none", "required" or { name }, not ${describeValue(choice)}`,
    { hint: 'OpenAI\'s { type: "function", function: { name } } is { name } here' },
  )
}

/** The name that is the only member of an object, which may be hostile. */
function nameIn(choice: unknown): string | undefined {
  try {
    if (typeof choice !== 'object' || choice === null || Object.keys(choice).join() !== 'name')
      return undefined
    const { name } = choice as { readonly name: unknown }
    return typeof name === 'string' ? name : undefined
  } catch {
    return undefined
  }
}

/** What the plan for the calls of a reply depends on. */
interface Situation {
  readonly format: ReplyFormat
  readonly tools: readonly FunctionTool[]
  readonly tokenizer: Tokenizer
  readonly options: GenerateOptions
  readonly use: ToolUse
  /** The beginning of the reply that is in the prompt. */
  readonly prefill: string
  /** Whether the model should not think. */
  readonly isThinkingOff: boolean
  readonly warn: (warning: Warning) => void
}

/** How a reply is generated and parsed. */
export interface CallPlan {
  /** The tools that the parser looks for. */
  readonly tools: readonly FunctionTool[]
  /** The options of the generation. */
  readonly options: GenerateOptions
  /** The constraint of a generation after these ids of the reply; `undefined` if there is none. */
  readonly constraint: ((before: readonly TokenId[]) => ConstraintSource) | undefined
}

/**
 * Decides how a reply may call tools. Throws `INVALID_ARGUMENT` for a choice without the tools for it or with options that contradict
 * it, `UNSUPPORTED` for a forced call from a model without a format for calls.
 */
export function planCalls(situation: Situation): CallPlan {
  const { format, tools, options, use, tokenizer } = situation
  const { toolChoice = 'auto', constrainTools = true, parallelToolCalls = true } = use
  const isFormatted = isConstrained(options)
  if (toolChoice === 'none' || tools.length === 0) {
    if (toolChoice !== 'none') checkCallable(toolChoice, situation)
    // A constrained answer is never a call, whatever it looks like.
    const banned = toolChoice === 'none' && tools.length > 0 ? markerIds(format, tokenizer) : []
    return { tools: [], options: withBanned(options, banned), constraint: undefined }
  }
  checkCallable(toolChoice, situation)
  const named = typeof toolChoice === 'object' ? toolChoice.name : undefined
  const callable = named === undefined ? tools : tools.filter((tool) => tool.function.name === named)
  const isRequired = toolChoice !== 'auto'
  const isForced = isRequired || isFormatted
  if (format.tools === 'none' || (!isForced && !constrainTools)) {
    return { tools: isFormatted ? [] : tools, options, constraint: undefined }
  }
  const rules = {
    format,
    tools: callable,
    isForced,
    isSingle: named !== undefined || !parallelToolCalls,
    responseFormat: isRequired || !isFormatted ? undefined : options.responseFormat,
    mayThink: !situation.isThinkingOff && situation.prefill === '',
    prefill: situation.prefill,
    onUnenforced: ({ message, hint }: DasllamaError) =>
      situation.warn({ code: 'TOOL_UNCONSTRAINED', message, ...(hint !== undefined && { hint }) }),
  }
  const constraint = (before: readonly TokenId[]): ConstraintSource => ({
    isForced,
    create: async () => {
      const { constrainCalls } = await callConstraints.load()
      const made: CallConstraint = constrainCalls(tokenizer, rules)
      made.follow(before)
      return made
    },
  })
  return { tools: callable, options: { ...options, responseFormat: undefined }, constraint }
}

function checkCallable(choice: ToolChoice, { tools, format, options }: Situation): void {
  if (choice === 'auto' || choice === 'none') return
  const shown = typeof choice === 'string' ? `"${choice}"` : `{ name: ${describeValue(choice.name)} }`
  if (tools.length === 0) throw new DasllamaError('INVALID_ARGUMENT', `toolChoice ${shown} needs tools`)
  if (typeof choice === 'object' && !tools.some((tool) => tool.function.name === choice.name)) {
    const names = tools.slice(0, 20).map((tool) => tool.function.name)
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `toolChoice: there is no tool ${describeValue(choice.name)}`,
      {
        hint: `the tools are ${names.join(', ')}`,
      },
    )
  }
  if (options.ignoreEos) {
    throw new DasllamaError('INVALID_ARGUMENT', 'ignoreEos and a forced toolChoice contradict each other', {
      hint: 'a call needs an end; omit ignoreEos',
    })
  }
  if (format.tools === 'none') {
    throw new DasllamaError('UNSUPPORTED', `toolChoice ${shown}: this chat reads no calls`, {
      hint: 'do not set replyFormat.tools to "none"',
    })
  }
}

/** Tokens that are markers of calls. */
function markerIds({ tools }: ReplyFormat, { specialTokens }: Tokenizer): TokenId[] {
  const opens = new Set(dialectNamed(tools)?.opens ?? [])
  return specialTokens.filter(({ text }) => opens.has(text)).map(({ id }) => id)
}

function withBanned(options: GenerateOptions, ids: readonly TokenId[]): GenerateOptions {
  if (ids.length === 0) return options
  const { bannedIds = [], forcedIds } = options
  // Markers that the caller wants are the caller's business.
  const banned = ids.filter((id) => !forcedIds?.includes(id) && !options.stopIds?.includes(id))
  return { ...options, bannedIds: [...bannedIds, ...banned] }
}
