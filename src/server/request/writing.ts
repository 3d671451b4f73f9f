import type { ResponseFormat, SamplingParams } from '../../index.js'
import type { Limits } from '../options.js'
import type { Fields } from './fields.js'
import { readResponseFormat } from './response-format.js'
import { readSampling } from './sampling.js'

/** What requests for chats and for completions have in common. */
export interface Writing {
  /** The served model; `undefined` stands for the only one. */
  readonly model: string | undefined
  readonly maxTokens: number | undefined
  readonly stop: readonly string[]
  readonly seed: number | undefined
  /** How many replies to write. */
  readonly choices: number
  readonly isStream: boolean
  /** Whether a stream ends with the numbers of tokens. */
  readonly includesUsage: boolean
  readonly sampling: SamplingParams
  readonly responseFormat: ResponseFormat | undefined
  /** Smaller is sooner. Default 0. */
  readonly priority?: number
}

/** Fields that change nothing about the text: accounts, storage, caches and tiers of hosted services. */
const IGNORED = [
  ...['user', 'store', 'metadata', 'service_tier', 'safety_identifier', 'prompt_cache_key'],
  ...['prompt_cache_retention', 'prediction', 'verbosity', 'cache_prompt', 'id_slot', 'timings_per_token'],
  ...['return_progress', 'parse_tool_calls', 'prompt_cache_options'],
]

/** Reads the fields. `leastTokens`: the smallest number of tokens to write. Default 1. Throws `ApiError`. */
export function readWriting(
  fields: Fields,
  limits: Limits,
  { leastTokens = 1 }: { readonly leastTokens?: number } = {},
): Writing {
  fields.ignore(IGNORED)
  const isStream = fields.boolean('stream') ?? false
  return {
    model: fields.string('model'),
    maxTokens: readMaxTokens(fields, limits, leastTokens),
    stop: readStop(fields, 'stop'),
    seed: readSeed(fields),
    choices: fields.number('n', { whole: true, min: 1, max: limits.maxChoices }) ?? 1,
    isStream,
    includesUsage: readStreamOptions(fields, { isStream }),
    sampling: readSampling(fields),
    responseFormat: readResponseFormat(fields),
    priority: readPriority(fields, limits),
  }
}

/** The names of this field in OpenAI's API, now and before, and in llama.cpp's. -1 stands for unlimited. */
const MAX_TOKENS = ['max_completion_tokens', 'max_tokens', 'n_predict'] as const

function readMaxTokens(fields: Fields, { maxTokens: limit }: Limits, least: number): number | undefined {
  let found: { readonly name: string; readonly value: number } | undefined
  for (const name of MAX_TOKENS) {
    const value = fields.any(name) === -1 ? -1 : fields.number(name, { whole: true, min: least })
    if (value === undefined) continue
    if (found && found.value !== value) {
      throw fields.invalid(name, `contradicts ${found.name}: give one of them`, 'contradictory_parameters')
    }
    found ??= { name, value }
  }
  return limitedTokens(found && found.value !== -1 ? found.value : undefined, limit)
}

/** Whether a request asks for as many tokens as the context holds. */
export function isUnlimited(fields: Fields): boolean {
  return MAX_TOKENS.some((name) => fields.any(name) === -1)
}

/** The most tokens of a reply: what a request asks for, within the server's limit. */
export function limitedTokens(asked: number | undefined, limit: number | undefined): number | undefined {
  return asked === undefined ? limit : Math.min(asked, limit ?? asked)
}

const MAX_STOPS = 64
const MAX_STOP_LENGTH = 1024

/** A field with texts that end a reply. */
export function readStop(fields: Fields, field: string): readonly string[] {
  const given = fields.any(field)
  if (given === undefined) return []
  const stops = typeof given === 'string' ? [given] : fields.array(field)!
  if (stops.length > MAX_STOPS)
    throw fields.invalid(field, `has ${stops.length} texts; ${MAX_STOPS} are accepted`)
  return stops.map((stop, i) => {
    if (typeof stop !== 'string')
      throw fields.invalid(field, `must be a string or strings; [${i}] is not`, 'invalid_type')
    if (stop.length >= 1 && stop.length <= MAX_STOP_LENGTH) return stop
    throw fields.invalid(field, `[${i}] has ${stop.length} characters; 1 to ${MAX_STOP_LENGTH} are accepted`)
  })
}

const MAX_PRIORITY = 100

/** As in vLLM's server. */
function readPriority(fields: Fields, { priorities }: Limits): number {
  const priority = fields.number('priority', { whole: true, min: -MAX_PRIORITY, max: MAX_PRIORITY }) ?? 0
  if (priority === 0 || priorities) return priority
  throw fields.invalid('priority', 'is not enabled on this server', 'unsupported_parameter')
}

/** -1 is a random seed, as in llama.cpp. */
export function readSeed(fields: Fields): number | undefined {
  const seed = fields.number('seed', { whole: true, min: -1, max: Number.MAX_SAFE_INTEGER })
  return seed === -1 ? undefined : seed
}

function readStreamOptions(fields: Fields, { isStream }: { readonly isStream: boolean }): boolean {
  const options = fields.inner('stream_options')
  if (!options) return false
  if (!isStream)
    throw fields.invalid('stream_options', 'is for streams: set stream', 'contradictory_parameters')
  const includesUsage = options.boolean('include_usage') ?? false
  options.ignore(['include_obfuscation'])
  options.end()
  return includesUsage
}
