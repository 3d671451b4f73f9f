import type { OverflowPolicy, ResponseFormat } from '../../index.js'
import type { Limits } from '../options.js'
import type { ChatRequest } from '../request/chat.js'
import { Fields } from '../request/fields.js'
import { readSampling } from '../request/sampling.js'
import { limitedTokens, readSeed, readStop, type Writing } from '../request/writing.js'
import { readModel } from './endpoint.js'

/** What requests for chats and for texts have in common. Fields that are not known are ignored, as Ollama does. */
export interface OllamaWriting
  extends Writing,
    Pick<ChatRequest, 'logprobs' | 'thinking' | 'templateVariables'> {
  readonly model: string
}

/** Reads the fields. Throws `ApiError`. */
export function readWriting(fields: Fields, limits: Limits): OllamaWriting {
  const options = fields.inner('options') ?? new Fields({}, 'options')
  return {
    model: readModel(fields),
    maxTokens: limitedTokens(readMaxTokens(options), limits.maxTokens),
    stop: readStop(options, 'stop'),
    seed: readSeed(options),
    choices: 1,
    isStream: fields.boolean('stream') ?? true,
    includesUsage: false,
    sampling: readSampling(options),
    responseFormat: readFormat(fields),
    logprobs: readLogprobs(fields),
    ...readThinking(fields),
  }
}

/** Negative numbers stand for as many as the context holds. */
function readMaxTokens(options: Fields): number | undefined {
  const most = options.number('num_predict', { whole: true })
  return most !== undefined && most > 0 ? most : undefined
}

/** `json`, or a schema. */
function readFormat(fields: Fields): ResponseFormat | undefined {
  const format = fields.any('format')
  if (format === undefined || format === '') return undefined
  if (format === 'json') return { type: 'json_object' }
  if (typeof format === 'object') return { type: 'json_schema', schema: fields.object('format')! }
  throw fields.invalid('format', 'must be "json" or a JSON schema')
}

/** Ollama's limit. */
const MAX_TOP_LOGPROBS = 20

function readLogprobs(fields: Fields): number | undefined {
  const isWanted = fields.boolean('logprobs') ?? false
  const top = fields.number('top_logprobs', { whole: true, min: 0, max: MAX_TOP_LOGPROBS })
  return isWanted ? (top ?? 0) : undefined
}

/** Efforts by which some models think; templates know three of them. */
const EFFORTS: Readonly<Record<string, string>> = { low: 'low', medium: 'medium', high: 'high', max: 'high' }

function readThinking(fields: Fields): Pick<ChatRequest, 'thinking' | 'templateVariables'> {
  const think = fields.any('think')
  if (think === undefined || think === '') return { thinking: undefined, templateVariables: {} }
  if (typeof think === 'boolean') return { thinking: think ? 'on' : 'off', templateVariables: {} }
  if (typeof think === 'string' && Object.hasOwn(EFFORTS, think)) {
    return { thinking: 'on', templateVariables: { reasoning_effort: EFFORTS[think] } }
  }
  throw fields.invalid('think', 'must be true, false, "low", "medium", "high" or "max"')
}

/** Old messages are left out if a conversation is too long, unless `truncate` says otherwise. */
export function readOverflow(fields: Fields): OverflowPolicy {
  return (fields.boolean('truncate') ?? true) ? 'drop-oldest' : 'error'
}
