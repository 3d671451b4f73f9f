import type { FunctionTool, OverflowPolicy, Thinking } from '../../index.js'
import type { Messages } from '../../serving/chats.js'
import { EFFORTS, type Effort } from '../../serving/efforts.js'
import type { Limits } from '../options.js'
import type { Fields } from './fields.js'
import { readMessages } from './messages.js'
import { readTools } from './tools.js'
import { readWriting, type Writing } from './writing.js'

/** A request for a reply in a chat. */
export interface ChatRequest extends Writing {
  readonly messages: Messages
  readonly tools: readonly FunctionTool[]
  /** The tools of which one must be called, `tools` itself for any of them; `undefined` if the model decides. */
  readonly forced: readonly FunctionTool[] | undefined
  /** Whether a reply may have several calls. Default true. */
  readonly parallelToolCalls?: boolean
  /** How many alternatives the log-probabilities of each token have; `undefined` without log-probabilities. */
  readonly logprobs: number | undefined
  readonly thinking: Thinking | undefined
  /** Whether a model that does not show its reasoning just answers, instead of an error. Default false. */
  readonly isThinkingOptional?: boolean
  readonly templateVariables: Readonly<Record<string, unknown>>
  /** What happens to a conversation that does not fit the context. Default `error`. */
  readonly overflow?: OverflowPolicy
}

/** A request that says nothing but what its reply is to; what other APIs say of it, they add. */
export const PLAIN_REQUEST = {
  stop: [],
  seed: undefined,
  choices: 1,
  isStream: false,
  includesUsage: true,
  sampling: {},
  logprobs: undefined,
} as const satisfies Partial<ChatRequest>

const UNSUPPORTED = {
  functions: 'use tools',
  function_call: 'use tool_choice',
  audio: 'models write text',
  moderation: 'this server does not moderate texts',
  web_search_options: 'this server does not search the web',
}

/** Reads the fields. Throws `ApiError`. */
export function readChatRequest(fields: Fields, limits: Limits): ChatRequest {
  fields.refuse(UNSUPPORTED)
  readModalities(fields)
  // Reasoning is always separate from the content.
  fields.oneOf('reasoning_format', ['auto', 'deepseek'])
  const request = {
    ...readWriting(fields, limits),
    messages: readMessages(fields),
    ...readTools(fields),
    logprobs: readLogprobs(fields),
    ...readThinking(fields),
  }
  fields.end({ ignoreUnknown: limits.ignoreUnknownFields })
  return request
}

function readModalities(fields: Fields): void {
  const modalities = fields.array('modalities') ?? ['text']
  if (modalities.length === 1 && modalities[0] === 'text') return
  throw fields.invalid('modalities', 'must be ["text"]: models write text only', 'unsupported_value')
}

/** OpenAI's limit. */
const MAX_TOP_LOGPROBS = 20

function readLogprobs(fields: Fields): number | undefined {
  const isWanted = fields.boolean('logprobs') ?? false
  const top = fields.number('top_logprobs', { whole: true, min: 0, max: MAX_TOP_LOGPROBS })
  if (isWanted) return top ?? 0
  if (top) throw fields.invalid('top_logprobs', 'needs logprobs: true', 'contradictory_parameters')
  return undefined
}

function readThinking(fields: Fields): Pick<ChatRequest, 'thinking' | 'templateVariables'> {
  const { thinking, templateVariables } = readEffort(fields, 'reasoning_effort')
  const variables = fields.object('chat_template_kwargs') ?? {}
  return { thinking, templateVariables: { ...templateVariables, ...variables } }
}

/** A field with an effort: whether to think, and what templates get. */
export function readEffort(
  fields: Fields,
  field: string,
): { readonly thinking: 'on' | 'off' | undefined; readonly templateVariables: Record<string, unknown> } {
  const effort = fields.oneOf(field, Object.keys(EFFORTS) as Effort[])
  const level = effort && EFFORTS[effort]
  return {
    thinking: effort && (level === undefined ? 'off' : 'on'),
    templateVariables: level === undefined ? {} : { reasoning_effort: level },
  }
}
