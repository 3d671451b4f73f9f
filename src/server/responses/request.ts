import type { ResponseFormat } from '../../index.js'
import type { Limits } from '../options.js'
import { type ChatRequest, PLAIN_REQUEST, readEffort } from '../request/chat.js'
import type { Fields } from '../request/fields.js'
import { readSampling } from '../request/sampling.js'
import { limitedTokens, readSeed, readStop } from '../request/writing.js'
import { readInput } from './input.js'
import { Functions, readToolChoice } from './tools.js'

/** How reasoning is delivered. */
export interface ReasoningDelivery {
  /** As the item's summary, which more clients show; otherwise as its content. */
  readonly asSummary: boolean
  /** Whether the item also has it in a form that clients send back unread. */
  readonly isPacked: boolean
}

/** A request for a response. */
export interface ResponseRequest {
  readonly chat: ChatRequest
  readonly reasoning: ReasoningDelivery
  readonly functions: Functions
  /** The fields of the request that a response repeats. */
  readonly repeated: Readonly<Record<string, unknown>>
}

/** Fields of hosted services, which change nothing about the text. */
const IGNORED = [
  ...['store', 'user', 'service_tier', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'],
  ...['prompt_cache_options', 'client_metadata', 'access_programs', 'context_management', 'image'],
  ...['max_tool_calls', 'background_options'],
]

const UNSUPPORTED = {
  previous_response_id: 'nothing is stored here, so send the whole conversation as input',
  conversation: 'nothing is stored here, so send the whole conversation as input',
  prompt: 'nothing is stored here, so send the text as instructions and input',
  moderation: 'texts are not moderated here',
  messages: 'use input, or /v1/chat/completions',
  max_tokens: 'use max_output_tokens',
  response_format: 'use text.format',
}

/** Reads the fields. Throws `ApiError`. */
export function readResponseRequest(fields: Fields, limits: Limits): ResponseRequest {
  fields.refuse(UNSUPPORTED)
  fields.ignore(IGNORED)
  refuseBackground(fields)
  const { chat, reasoning, repeated, ...more } = readPrompt(fields)
  const isStream = fields.boolean('stream') ?? false
  readStreamOptions(fields)
  const included = readIncluded(fields)
  const topLogprobs = fields.number('top_logprobs', { whole: true, min: 0, max: 20 })
  const maxTokens = fields.number('max_output_tokens', { whole: true, min: 1 })
  const sampling = readSampling(fields)
  const hasLogprobs = included.includes('message.output_text.logprobs') || Boolean(topLogprobs)
  const request: ResponseRequest = {
    chat: {
      ...chat,
      maxTokens: limitedTokens(maxTokens, limits.maxTokens),
      stop: readStop(fields, 'stop'),
      seed: readSeed(fields),
      isStream,
      sampling,
      logprobs: hasLogprobs ? (topLogprobs ?? 0) : undefined,
    },
    reasoning: { ...reasoning, isPacked: included.includes('reasoning.encrypted_content') },
    ...more,
    repeated: {
      ...repeated,
      max_output_tokens: maxTokens ?? null,
      metadata: fields.object('metadata') ?? {},
      temperature: sampling.temp ?? null,
      top_p: sampling.topP ?? null,
      top_logprobs: topLogprobs ?? 0,
    },
  }
  fields.end({ ignoreUnknown: limits.ignoreUnknownFields })
  return request
}

/** Reads the fields of a request that counts its tokens. Throws `ApiError`. */
export function readCountRequest(fields: Fields, limits: Limits): ChatRequest {
  const { previous_response_id, conversation } = UNSUPPORTED
  fields.refuse({ previous_response_id, conversation })
  fields.ignore(['personality', 'prompt_cache_key'])
  const { chat } = readPrompt(fields)
  fields.end({ ignoreUnknown: limits.ignoreUnknownFields })
  return chat
}

/** What the prompt depends on. */
function readPrompt(fields: Fields): Omit<ResponseRequest, 'reasoning'> & {
  readonly reasoning: Pick<ReasoningDelivery, 'asSummary'>
} {
  const truncation = fields.oneOf('truncation', ['auto', 'disabled'])
  if (truncation === 'auto') {
    throw fields.invalid('truncation', 'must be "disabled": no items are dropped here', 'unsupported_value')
  }
  const functions = new Functions()
  functions.read(fields, 'tools')
  const messages = readInput(fields, functions)
  const parallelToolCalls = fields.boolean('parallel_tool_calls') ?? true
  const { thinking, templateVariables, asSummary, ...effort } = readReasoning(fields)
  const text = readText(fields)
  const chat: ChatRequest = {
    ...PLAIN_REQUEST,
    model: fields.string('model'),
    messages,
    ...readToolChoice(fields, functions.tools),
    parallelToolCalls,
    thinking,
    isThinkingOptional: true,
    templateVariables,
    responseFormat: text.format,
    maxTokens: undefined,
  }
  return {
    chat,
    functions,
    reasoning: { asSummary },
    repeated: {
      instructions: fields.string('instructions') ?? null,
      parallel_tool_calls: parallelToolCalls,
      reasoning: effort,
      text: text.repeated,
      tool_choice: fields.any('tool_choice') ?? 'auto',
      tools: fields.array('tools') ?? [],
    },
  }
}

function refuseBackground(fields: Fields): void {
  if (!fields.boolean('background')) return
  throw fields.invalid('background', 'must be false: nothing is stored here', 'unsupported_value')
}

function readStreamOptions(fields: Fields): void {
  const options = fields.inner('stream_options')
  options?.ignore(['include_obfuscation', 'include_usage'])
  options?.end()
}

function readIncluded(fields: Fields): readonly string[] {
  const given = fields.array('include') ?? []
  return given.map((each, i) => {
    if (typeof each === 'string') return each
    throw fields.invalid('include', `must be an array of strings; [${i}] is not`, 'invalid_type')
  })
}

const SUMMARIES = ['auto', 'concise', 'detailed'] as const

function readReasoning(fields: Fields) {
  const given = fields.inner('reasoning')
  if (!given)
    return { thinking: undefined, templateVariables: {}, asSummary: false, effort: null, summary: null }
  const summary = given.oneOf('summary', SUMMARIES) ?? given.oneOf('generate_summary', SUMMARIES) ?? null
  given.ignore(['generate_summary', 'context', 'mode'])
  const { thinking, templateVariables } = readEffort(given, 'effort')
  const effort = given.string('effort') ?? null
  given.end()
  return { thinking, templateVariables, asSummary: summary !== null, effort, summary }
}

interface TextSettings {
  readonly format: ResponseFormat | undefined
  readonly repeated: object
}

function readText(fields: Fields): TextSettings {
  const text = fields.inner('text')
  const verbosity = text?.oneOf('verbosity', ['low', 'medium', 'high'])
  const format = text?.inner('format')
  text?.end()
  const read = format && readFormat(format)
  return {
    format: read?.format,
    repeated: { format: read?.repeated ?? { type: 'text' }, ...(verbosity && { verbosity }) },
  }
}

function readFormat(format: Fields): TextSettings {
  const type = format.require('type', format.oneOf('type', ['text', 'json_object', 'json_schema']))
  if (type !== 'json_schema') {
    format.end()
    return { format: type === 'text' ? undefined : { type: 'json_object' }, repeated: { type } }
  }
  const name = format.require('name', format.string('name'))
  const schema = format.require('schema', format.object('schema'))
  const description = format.string('description') ?? null
  const strict = format.boolean('strict') ?? null
  format.end()
  return { format: { type, schema }, repeated: { type, name, description, schema, strict } }
}
