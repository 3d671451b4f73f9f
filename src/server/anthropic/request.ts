import type { ResponseFormat, Thinking } from '../../index.js'
import type { Limits } from '../options.js'
import { type ChatRequest, PLAIN_REQUEST, readEffort } from '../request/chat.js'
import type { Fields } from '../request/fields.js'
import { readSampling } from '../request/sampling.js'
import { limitedTokens, readSeed, readStop } from '../request/writing.js'
import { readMessages } from './messages.js'
import { readTools } from './tools.js'

/** A request for a message. */
export interface MessageRequest {
  readonly chat: ChatRequest
  /** Whether the texts of thoughts are left out. */
  readonly omitsThinking: boolean
}

/** Fields of Anthropic's service, which change nothing about the text. */
const IGNORED = [
  ...['metadata', 'service_tier', 'cache_control', 'inference_geo', 'speed', 'diagnostics', 'betas'],
  ...['user_profile_id', 'workspace_id', 'context_management', 'billing_policy', 'compaction', 'fallbacks'],
  ...['fallback_credit_token'],
]

const UNSUPPORTED = {
  container: 'programs are not run here',
  mcp_servers: 'servers of tools are not called here: give their tools as tools',
}

/** Reads the fields. Throws `ApiError`. */
export function readMessageRequest(fields: Fields, limits: Limits): MessageRequest {
  const maxTokens = fields.require('max_tokens', fields.number('max_tokens', { whole: true, min: 1 }))
  const request = readPrompt(fields, { maxTokens })
  const chat: ChatRequest = {
    ...request.chat,
    maxTokens: limitedTokens(maxTokens, limits.maxTokens),
    stop: readStop(fields, 'stop_sequences'),
    seed: readSeed(fields),
    isStream: fields.boolean('stream') ?? false,
    sampling: readSampling(fields),
  }
  fields.end({ ignoreUnknown: limits.ignoreUnknownFields })
  return { ...request, chat }
}

/** Reads the fields of a request that counts its tokens. Throws `ApiError`. */
export function readCountRequest(fields: Fields, limits: Limits): ChatRequest {
  const { chat } = readPrompt(fields, { maxTokens: undefined })
  fields.end({ ignoreUnknown: limits.ignoreUnknownFields })
  return chat
}

/** What the prompt depends on. */
function readPrompt(fields: Fields, { maxTokens }: Pick<ChatRequest, 'maxTokens'>): MessageRequest {
  fields.refuse(UNSUPPORTED)
  refuseThread(fields)
  fields.ignore(IGNORED)
  const { thinking, omitsThinking } = readThinking(fields, maxTokens)
  const { responseFormat, templateVariables } = readOutput(fields)
  const chat: ChatRequest = {
    ...PLAIN_REQUEST,
    model: fields.string('model'),
    messages: readMessages(fields),
    ...readTools(fields),
    thinking,
    isThinkingOptional: true,
    templateVariables,
    responseFormat,
    maxTokens,
  }
  return { chat, omitsThinking }
}

/** Anthropic's client sends the whole conversation when it gets this code. */
function refuseThread(fields: Fields): void {
  if (fields.any('thread') === undefined) return
  throw fields.invalid(
    'thread',
    'is not supported: nothing is stored here, so send all messages',
    'thread_unsupported_request',
  )
}

const THINKING = ['enabled', 'disabled', 'adaptive', 'between_tools'] as const

function readThinking(
  fields: Fields,
  maxTokens: number | undefined,
): { readonly thinking: Thinking | undefined; readonly omitsThinking: boolean } {
  const given = fields.inner('thinking')
  if (!given) return { thinking: undefined, omitsThinking: false }
  const type = given.require('type', given.oneOf('type', THINKING))
  const budget = given.number('budget_tokens', { whole: true, min: 1 })
  const omitsThinking = given.oneOf('display', ['summarized', 'omitted']) === 'omitted'
  given.end()
  if (type === 'disabled') return { thinking: 'off', omitsThinking }
  // Whether to think is up to the model.
  if (type !== 'enabled') return { thinking: undefined, omitsThinking }
  const tokens = given.require('budget_tokens', budget)
  if (maxTokens === undefined || tokens < maxTokens) return { thinking: tokens, omitsThinking }
  throw given.invalid('budget_tokens', `must be less than max_tokens, which is ${maxTokens}`)
}

/** `output_config`, and `output_format`, which was before it. */
function readOutput(fields: Fields): Pick<ChatRequest, 'responseFormat' | 'templateVariables'> {
  const config = fields.inner('output_config')
  const { templateVariables } = config ? readEffort(config, 'effort') : { templateVariables: {} }
  const format = config?.inner('format')
  config?.ignore(['task_budget'])
  config?.end()
  const before = fields.inner('output_format')
  if (format && before) {
    throw fields.invalid('output_format', 'contradicts output_config.format', 'contradictory_parameters')
  }
  const given = format ?? before
  return { responseFormat: given && readFormat(given), templateVariables }
}

function readFormat(format: Fields): ResponseFormat {
  format.require('type', format.oneOf('type', ['json_schema']))
  const schema = format.require('schema', format.object('schema'))
  format.ignore(['name'])
  format.end()
  return { type: 'json_schema', schema }
}
