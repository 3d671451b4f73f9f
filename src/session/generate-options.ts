import { checkCount, checkOptions, checkSignal, checkTokens } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { isConstrained, type ResponseFormat } from '../grammar/format.js'
import { isArray, readList } from '../read-list.js'
import type { SamplingParams } from '../sampling/params.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import { checkSpeculation, type Speculation } from './speculation/speculation.js'

/** Options of `session.generate`: length, sampling, and the format of the text. */
export interface GenerateOptions extends SamplingParams {
  /** Most tokens to generate, 0 or more. Default: until the model stops or the context is full. */
  maxTokens?: number
  /** Ends the generation with `stopReason` `abort`; checked whenever the event loop runs, within prompts and tokens too. */
  signal?: AbortSignal
  /**
   * Strings that end the generation and are not part of its text: at most 64, of at most 1024 characters. A token that may
   * belong to one is held back until that is decided. Default none.
   */
  stop?: string | readonly string[]
  /** Tokens that end the generation in addition to the model's end tokens, and are not part of it. Default none. */
  stopIds?: readonly TokenId[]
  /** Log-probabilities with each token: its own and those of this many most likely ones, 0 to 1000. Default: none. */
  logprobs?: number
  /**
   * Format of the text: `{ type: 'text' }`, `{ type: 'json_object' }`, `{ type: 'json_schema', schema }` or
   * `{ type: 'grammar', grammar }`. Only tokens that keep the format reachable are sampled, and the text ends, with `stopReason`
   * `stop`, when it is complete; see `generation.isComplete`. Default `{ type: 'text' }`.
   */
  responseFormat?: ResponseFormat
  /**
   * Which cached tokens are reused by a prompt with the same prefix. `exact`: only those evaluated as part of a prompt, so that the
   * result has the bits of a fresh session. `all`: generated tokens too, whose cached values differ from a prompt's in the
   * last bits. Default `exact`.
   */
  reuse?: 'exact' | 'all'
  /**
   * Who goes first where sessions of a model run at the same time: smaller is sooner, −100 to 100. It changes how long generations
   * take, and never their tokens; nobody waits for ever. Default 0.
   */
  priority?: number
  /**
   * Guesses tokens and evaluates several of them in one pass. It changes how long the generation takes, and never its tokens.
   * `lookup`: where the text repeats something that it has had before, such as a part of its prompt. `mtp`: by the model's own
   * draft head, which `loadModel` has loaded with `draftHead: true`; otherwise the first token, and the result, reject with
   * `UNSUPPORTED`. `{ draft: model }`: by a smaller model with the same vocabulary; they reject with `MISMATCH` if it has another
   * one. If drafting fails, the generation goes on without it, and `onWarning` is called with `NO_DRAFT`. Default `none`.
   */
  speculation?: Speculation
}

/** Checked `GenerateOptions`, with the sampling parameters apart. */
export interface ResolvedGenerateOptions {
  readonly maxTokens: number
  readonly signal: AbortSignal | undefined
  readonly stop: readonly string[]
  readonly stopIds: ReadonlySet<TokenId>
  readonly logprobs: number | undefined
  readonly responseFormat: ResponseFormat | undefined
  readonly reuse: 'exact' | 'all'
  readonly priority: number
  readonly speculation: Speculation
  readonly sampling: SamplingParams
}

const MAX_STOPS = 64
const MAX_STOP_LENGTH = 1024
const MAX_LOGPROBS = 1000

/** Throws `INVALID_ARGUMENT` for values out of range and for contradictions. Does not check `sampling` and `responseFormat`. */
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
    priority = 0,
    speculation = 'none',
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
    priority: checkPriority(priority),
    speculation: checkSpeculation(speculation),
    sampling,
  }
  rejectContradictions(resolved)
  return resolved
}

/** The largest priority, and the negative of the smallest. */
const MAX_PRIORITY = 100

function checkPriority(priority: unknown): number {
  if (Number.isInteger(priority) && Math.abs(priority as number) <= MAX_PRIORITY) return priority as number
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `priority must be a whole number from -${MAX_PRIORITY} to ${MAX_PRIORITY}, not ${describeValue(priority)}`,
  )
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

function rejectContradictions({
  stopIds,
  maxTokens,
  responseFormat,
  sampling,
}: ResolvedGenerateOptions): void {
  const { bannedIds, logitBias, minTokens } = sampling
  for (const id of stopIds) {
    if (bannedIds?.includes?.(id) || logitBias?.[id] === Number.NEGATIVE_INFINITY) {
      throw new DasllamaError('INVALID_ARGUMENT', `stopIds names ${id}, which can never be sampled`, {
        hint: 'remove it from stopIds, or from bannedIds and logitBias',
      })
    }
  }
  if (sampling.ignoreEos && isConstrained({ responseFormat })) {
    throw new DasllamaError('INVALID_ARGUMENT', 'ignoreEos and responseFormat contradict each other', {
      hint: 'a format needs an end; omit ignoreEos',
    })
  }
  if (typeof minTokens === 'number' && minTokens > maxTokens) {
    throw new DasllamaError('INVALID_ARGUMENT', `minTokens ${minTokens} is more than maxTokens ${maxTokens}`)
  }
}
