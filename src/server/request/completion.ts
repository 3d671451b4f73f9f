import type { InfillParts, TokenId } from '../../index.js'
import { isArray } from '../../read-list.js'
import type { Limits } from '../options.js'
import type { Fields } from './fields.js'
import { isUnlimited, readWriting, type Writing } from './writing.js'

/** A text, or its ids. */
export type TextOrIds = string | readonly TokenId[]

/** What stands around a gap, besides the prompt before it. */
export interface Gap extends Omit<InfillParts, 'prefix'> {
  /** Whether what does not fit the context is left out; otherwise it is an error. */
  readonly isCut: boolean
}

/** A request to continue texts. */
export interface CompletionRequest extends Writing {
  readonly prompts: readonly TextOrIds[]
  /** Set if the model fills the gap between each prompt, which is a text then, and what stands here. */
  readonly gap: Gap | undefined
  /** Whether the texts begin with their prompts. */
  readonly echo: boolean
  /** How many alternatives the log-probabilities of each token have; `undefined` without log-probabilities. */
  readonly logprobs: number | undefined
}

/** OpenAI's default. */
const MAX_TOKENS = 16
const MAX_PROMPTS = 128
const MAX_LOGPROBS = 20

/** Reads the fields. Throws `ApiError`. */
export function readCompletionRequest(fields: Fields, limits: Limits): CompletionRequest {
  fields.refuse({
    messages: 'send them to /v1/chat/completions',
    tools: 'send them to /v1/chat/completions',
  })
  const echo = fields.boolean('echo') ?? false
  const writing = readWriting(fields, limits, { leastTokens: echo ? 0 : 1 })
  const bestOf = fields.number('best_of', { whole: true, min: 1 })
  if (bestOf !== undefined && bestOf !== writing.choices) {
    throw fields.invalid('best_of', 'must be n: all texts are returned', 'unsupported_value')
  }
  const prompts = readTexts(fields, 'prompt', MAX_PROMPTS)
  const request = {
    ...writing,
    maxTokens: writing.maxTokens ?? (isUnlimited(fields) ? undefined : MAX_TOKENS),
    prompts,
    gap: readGap(fields, prompts),
    echo,
    logprobs: fields.number('logprobs', { whole: true, min: 0, max: MAX_LOGPROBS }),
  }
  if (request.gap && echo && request.logprobs !== undefined) {
    throw fields.invalid(
      'suffix',
      'contradicts echo with logprobs: the text of a prompt with a gap is not continued',
      'contradictory_parameters',
    )
  }
  fields.end({ ignoreUnknown: limits.ignoreUnknownFields })
  return request
}

/** OpenAI's `suffix`; an empty one is as none. */
function readGap(fields: Fields, prompts: readonly TextOrIds[]): Gap | undefined {
  const suffix = fields.string('suffix')
  if (suffix === undefined || suffix === '') return undefined
  if (prompts.every((prompt) => typeof prompt === 'string')) return { suffix, isCut: false }
  throw fields.invalid('suffix', 'needs a prompt that is a text, not ids', 'contradictory_parameters')
}

/** A field with a text, its ids, or a list of these. Throws `ApiError`. */
export function readTexts(fields: Fields, field: string, most: number): readonly TextOrIds[] {
  const given = fields.require(field, fields.any(field))
  const isOne = typeof given === 'string' || (isArray(given) && typeof given[0] === 'number')
  const texts: unknown = isOne ? [given] : given
  if (!isArray(texts)) throw fields.wrongType(field, 'a string, an array of token ids, or an array of these')
  if (texts.length === 0) throw fields.invalid(field, 'must not be empty')
  if (texts.length > most) throw fields.invalid(field, `has ${texts.length} entries; ${most} are accepted`)
  return texts.map((text, i) => {
    if (typeof text === 'string') return text
    if (isArray(text) && text.every((id) => Number.isInteger(id) && (id as number) >= 0))
      return text as TokenId[]
    throw fields.invalid(
      isOne ? field : `${field}[${i}]`,
      'must be a string or an array of token ids',
      'invalid_type',
    )
  })
}
