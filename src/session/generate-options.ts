import { checkCount, checkOptions, checkSignal, checkTokens } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { ResponseFormat } from '../grammar/response-format.js'
import { isArray, readList } from '../read-list.js'
import type { SamplingParams } from '../sampling/params.js'
import type { TokenId } from '../tokenizer/tokenizer.js'

/** Options of `session.generate`: how long, how each token is chosen, and what the text must look like. */
export interface GenerateOptions extends SamplingParams {
  /** Tokens to generate at most, 0 or more. Default: until the model stops or the context is full. */
  maxTokens?: number
  /** Ends the generation with `stopReason` `abort`; checked whenever the event loop runs, within prompts and tokens too. */
  signal?: AbortSignal
  /**
   * Texts that end the generation and are not part of its text: at most 64, of at most 1024 characters. A token whose
   * text may be the beginning of one is held back until that is decided. Default none.
   */
  stop?: string | readonly string[]
  /** Tokens that end the generation besides the model's own end tokens, and are not part of it. Default none. */
  stopIds?: readonly TokenId[]
  /** Log-probabilities with each token: of it and of this many likeliest ones, 0 to 1000. Default: none at all. */
  logprobs?: number
  /**
   * What the text must look like: `{ type: 'text' }`, `{ type: 'json_object' }`, `{ type: 'json_schema', schema }` or
   * `{ type: 'grammar', grammar }`. Only tokens are chosen with which the text can still become such a one; it ends, with
   * `stopReason` `stop`, where it is one. Whether it came so far: `generation.isComplete`. Default `{ type: 'text' }`.
   */
  responseFormat?: ResponseFormat
  /**
   * What of the session may serve a prompt that begins alike. `exact`: what was evaluated as (part of) a prompt, so
   * that the result is to the bit that of a fresh session. `all`: generated tokens too, whose cached values differ
   * from a prompt's in the last bits. Default `exact`.
   */
  reuse?: 'exact' | 'all'
}

/** `GenerateOptions`, checked and apart. */
export interface ResolvedGenerateOptions {
  readonly maxTokens: number
  readonly signal: AbortSignal | undefined
  readonly stop: readonly string[]
  readonly stopIds: ReadonlySet<TokenId>
  readonly logprobs: number | undefined
  readonly responseFormat: ResponseFormat | undefined
  readonly reuse: 'exact' | 'all'
  readonly sampling: SamplingParams
}

const MAX_STOPS = 64
const MAX_STOP_LENGTH = 1024
const MAX_LOGPROBS = 1000

/** Throws `INVALID_ARGUMENT` for what is out of range and for what contradicts itself; `sampling` and `responseFormat` are not checked. */
export function resolveGenerateOptions(options: GenerateOptions, vocabSize: number): ResolvedGenerateOptions {
  checkOptions(options)
  const {
    maxTokens,
    signal,
    stop,
    stopIds = [],
    logprobs,
    responseFormat,
    reuse = 'exact',
    ...sampling
  } = options
  checkSignal(signal)
  if (reuse !== 'exact' && reuse !== 'all') {
    throw new DasllamaError('INVALID_ARGUMENT', `reuse must be "exact" or "all", not ${describeValue(reuse)}`)
  }
  const resolved = {
    maxTokens:
      maxTokens === undefined
        ? Number.POSITIVE_INFINITY
        : checkCount('maxTokens', maxTokens, 0, Number.MAX_SAFE_INTEGER),
    signal,
    stop: checkStops(stop),
    stopIds: new Set(checkTokens('stopIds', stopIds, vocabSize)),
    logprobs: logprobs === undefined ? undefined : checkCount('logprobs', logprobs, 0, MAX_LOGPROBS),
    responseFormat,
    reuse,
    sampling,
  }
  refuseContradictions(resolved)
  return resolved
}

function checkStops(stop: GenerateOptions['stop']): readonly string[] {
  if (stop === undefined) return []
  const stops: readonly unknown[] = isArray(stop) ? stop : [stop]
  if (stops.length > MAX_STOPS) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `stop has ${stops.length} strings; at most ${MAX_STOPS} are accepted`,
    )
  }
  return readList('stop', stops, (text, index) => {
    if (typeof text !== 'string') {
      throw new DasllamaError(
        'INVALID_ARGUMENT',
        `stop must be a string or an array of strings; [${index}] is ${describeValue(text)}`,
      )
    }
    if (text.length >= 1 && text.length <= MAX_STOP_LENGTH) return text
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `stop[${index}] has ${text.length} characters; 1 to ${MAX_STOP_LENGTH} are accepted`,
    )
  })
}

function refuseContradictions({
  stopIds,
  maxTokens,
  responseFormat,
  sampling,
}: ResolvedGenerateOptions): void {
  const { bannedIds, logitBias, minTokens } = sampling
  for (const id of stopIds) {
    if (bannedIds?.includes?.(id) || logitBias?.[id] === Number.NEGATIVE_INFINITY) {
      throw new DasllamaError('INVALID_ARGUMENT', `stopIds names ${id}, which may never be chosen`, {
        hint: 'take it out of stopIds, or out of bannedIds and logitBias',
      })
    }
  }
  if (sampling.ignoreEos && responseFormat && responseFormat.type !== 'text') {
    throw new DasllamaError('INVALID_ARGUMENT', 'ignoreEos and responseFormat contradict each other', {
      hint: 'a text that must be whole must end; leave ignoreEos out',
    })
  }
  if (typeof minTokens === 'number' && minTokens > maxTokens) {
    throw new DasllamaError('INVALID_ARGUMENT', `minTokens ${minTokens} is more than maxTokens ${maxTokens}`)
  }
}
