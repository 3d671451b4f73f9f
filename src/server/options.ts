import {
  checkBoolean,
  checkCount,
  checkFunction,
  checkOneOf,
  checkOptions,
  checkString,
  isRecord,
} from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError, type ReplyFormatOverrides, type SamplingParams } from '../index.js'
import { readList } from '../read-list.js'
import { isModelOrLoader, type ModelOrLoader } from '../serving/model-or-loader.js'

/** How tokens of a served model are guessed: see `GenerateOptions.speculation`. */
export type ServedSpeculation =
  | 'none'
  | 'lookup'
  | 'mtp'
  | {
      /** The draft model, or what loads it; the server disposes one that it has loaded. */
      readonly draft: ModelOrLoader
    }

/** A model with settings of its own. */
export interface ServedModelOptions {
  /** The model, or what loads it. */
  readonly model: ModelOrLoader
  /** The chat template: see `ChatOptions.template`. Default: the file's. */
  readonly template?: string
  /** How replies are parsed: see `ChatOptions.replyFormat`. Default: as detected from the template. */
  readonly replyFormat?: ReplyFormatOverrides
  /** Sampling parameters of requests that do not set them. Default: what `chatSampling` returns. */
  readonly sampling?: SamplingParams
  /** Whether, and how, tokens are guessed: see `GenerateOptions.speculation`. Default `none`. */
  readonly speculation?: ServedSpeculation
}

/** A request that has been answered, for logs. It never contains texts of the client. */
export interface RequestRecord {
  /** The header `x-request-id` of the response. */
  readonly id: string
  /** `GET`, `POST` and the like. */
  readonly method: string
  /** The path of the URL, without what follows a question mark. */
  readonly path: string
  /** The status of the response; 499 if the client left before there was one. */
  readonly status: number
  /** Milliseconds from the request to the end of the response. */
  readonly ms: number
  /** The name of the served model. */
  readonly model?: string
  /** Tokens of the prompt, or of all inputs. */
  readonly promptTokens?: number
  /** How many of these were in the cache. */
  readonly cachedTokens?: number
  /** Tokens that were generated. */
  readonly completionTokens?: number
  /** How many of these are reasoning. */
  readonly reasoningTokens?: number
  /** Why it was not answered, or not to the end: the code of the error that was sent, `cancelled` or `stalled`. */
  readonly ended?: string
  /** What failed, for the operator: it may contain paths and details of the model. */
  readonly error?: unknown
}

/** Options of `createHandler`. */
export interface HandlerOptions {
  /** The models by the names that requests use. Those that a function has loaded are disposed with the handler. */
  readonly models: Readonly<Record<string, ModelOrLoader | ServedModelOptions>>
  /** Keys that requests must have one of, as `authorization: Bearer KEY` or `x-api-key: KEY`. Default: none is needed. */
  readonly apiKeys?: readonly string[]
  /** The web pages that may send requests: their origins, or `true` for any. Default: none. */
  readonly cors?: boolean | readonly string[]
  /** Requests that run at the same time, 1 to 1024. Default 4. */
  readonly maxConcurrent?: number
  /** Requests that wait for others to end; more are refused with the status 429. Default 64. */
  readonly maxQueued?: number
  /** The most tokens of a reply. Default: as many as the context holds. */
  readonly maxTokens?: number
  /** The largest `n` of a request, 1 to 128. Default 8. */
  readonly maxChoices?: number
  /** The largest body in bytes. Default 4 MiB. */
  readonly maxBodyBytes?: number
  /** Conversations per model whose evaluated tokens are kept for the next request. Default 4. */
  readonly cachedConversations?: number
  /**
   * Milliseconds after which a model that no request uses is unloaded; the next request loads it again. Only models that a
   * function loads. Default: they stay.
   */
  readonly unloadAfter?: number
  /**
   * The most models that are loaded by functions at the same time. Another one takes the place of the one that was used least
   * recently, once its requests have ended; those that come for it meanwhile wait until it is loaded again. Default: no limit.
   */
  readonly maxLoaded?: number
  /**
   * Whether the field `priority` of requests decides who runs first: a whole number, smaller is sooner, 0 if it is absent. Default
   * false: the field is refused, because whoever may send requests could overtake everybody.
   */
  readonly priorities?: boolean
  /** Who may read `/metrics`: who has one of the `apiKeys`, or anybody. Default `private`. */
  readonly metrics?: 'private' | 'public'
  /** Milliseconds after which a request is ended with an error, waiting included. Default: none. */
  readonly timeout?: number
  /** Milliseconds in which a body must arrive. Default 30,000. */
  readonly bodyTimeout?: number
  /** Milliseconds after which a stream that nobody reads is ended. Default 60,000. */
  readonly stallTimeout?: number
  /** Ignores unknown fields of requests instead of refusing them. Default false. */
  readonly ignoreUnknownFields?: boolean
  /** Whether a browser that opens the path `/` gets the control page. Default true. */
  readonly page?: boolean
  /** Called when a request has ended. */
  readonly onRequest?: (record: RequestRecord) => void
}

/** Limits on requests. */
export interface Limits {
  readonly maxTokens: number | undefined
  readonly maxChoices: number
  readonly maxBodyBytes: number
  readonly timeout: number | undefined
  readonly bodyTimeout: number
  readonly stallTimeout: number
  readonly ignoreUnknownFields: boolean
  readonly priorities: boolean
}

/** Checked `HandlerOptions`. */
export interface ResolvedHandlerOptions {
  readonly models: ReadonlyMap<string, ServedModelOptions>
  readonly apiKeys: readonly string[]
  readonly cors: boolean | readonly string[]
  readonly maxConcurrent: number
  readonly maxQueued: number
  readonly cachedConversations: number
  readonly unloadAfter: number | undefined
  readonly maxLoaded: number
  readonly metrics: 'private' | 'public'
  readonly limits: Limits
  readonly hasPage: boolean
  readonly onRequest: (record: RequestRecord) => void
}

const KEYS = [
  ...['models', 'apiKeys', 'cors', 'maxConcurrent', 'maxQueued', 'maxTokens', 'maxChoices', 'maxBodyBytes'],
  ...['cachedConversations', 'timeout', 'bodyTimeout', 'stallTimeout', 'ignoreUnknownFields', 'onRequest'],
  ...['unloadAfter', 'maxLoaded', 'priorities', 'metrics', 'page'],
]
/** The longest wait of a timer. */
const LONGEST = 2 ** 31 - 1

/** Fills in the defaults. Throws `INVALID_ARGUMENT`. */
export function resolveHandlerOptions(options: HandlerOptions): ResolvedHandlerOptions {
  checkOptions(options)
  rejectUnknown('options', options, KEYS)
  const { apiKeys = [], cors = false, maxTokens, timeout, ignoreUnknownFields = false, onRequest } = options
  const { unloadAfter, maxLoaded, priorities = false, metrics = 'private' } = options
  const count = (name: 'maxQueued' | 'cachedConversations', fallback: number) =>
    checkCount(name, options[name] ?? fallback, 0, 10_000)
  checkFunction('onRequest', onRequest)
  return {
    models: checkModels(options.models),
    apiKeys: readList('apiKeys', apiKeys, checkKey),
    cors:
      typeof cors === 'boolean' ? cors : readList('cors', cors, checkOrigin, 'true or an array of origins'),
    maxConcurrent: checkCount('maxConcurrent', options.maxConcurrent ?? 4, 1, 1024),
    maxQueued: count('maxQueued', 64),
    cachedConversations: count('cachedConversations', 4),
    unloadAfter: unloadAfter === undefined ? undefined : checkCount('unloadAfter', unloadAfter, 0, LONGEST),
    maxLoaded: maxLoaded === undefined ? Infinity : checkCount('maxLoaded', maxLoaded, 1, 10_000),
    metrics: checkOneOf('metrics', metrics, ['private', 'public']),
    limits: {
      maxTokens: maxTokens === undefined ? undefined : checkCount('maxTokens', maxTokens, 1, 2 ** 24),
      maxChoices: checkCount('maxChoices', options.maxChoices ?? 8, 1, 128),
      maxBodyBytes: checkCount('maxBodyBytes', options.maxBodyBytes ?? 4 * 2 ** 20, 1, 2 ** 30),
      timeout: timeout === undefined ? undefined : checkCount('timeout', timeout, 1, LONGEST),
      bodyTimeout: checkCount('bodyTimeout', options.bodyTimeout ?? 30_000, 1, LONGEST),
      stallTimeout: checkCount('stallTimeout', options.stallTimeout ?? 60_000, 1, LONGEST),
      ignoreUnknownFields: checkBoolean('ignoreUnknownFields', ignoreUnknownFields),
      priorities: checkBoolean('priorities', priorities),
    },
    hasPage: checkBoolean('page', options.page ?? true),
    onRequest: onRequest ?? (() => {}),
  }
}

function checkModels(models: unknown): ReadonlyMap<string, ServedModelOptions> {
  const entries = isRecord(models) ? Object.entries(models) : []
  if (entries.length === 0) {
    throw new DasllamaError('INVALID_ARGUMENT', 'models must be an object from names to models', {
      hint: "for example models: { 'my-model': await loadModel(…) }",
    })
  }
  return new Map(
    entries.map(([name, served]) => [name, checkServed(`models[${describeValue(name)}]`, served)]),
  )
}

function checkServed(where: string, served: unknown): ServedModelOptions {
  if (isModelOrLoader(served)) return { model: served }
  const { model, ...settings } = isRecord(served) ? (served as Partial<ServedModelOptions>) : {}
  if (!isModelOrLoader(model)) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${where} must be a model, a function that loads one, or { model, template?, replyFormat?, sampling?, speculation? }`,
    )
  }
  rejectUnknown(where, settings, ['template', 'replyFormat', 'sampling', 'speculation'])
  const { template, replyFormat, sampling, speculation } = settings
  if (template !== undefined) checkString(`${where}.template`, template)
  for (const options of [replyFormat, sampling]) if (options !== undefined) checkOptions(options)
  if (speculation !== undefined) checkSpeculation(`${where}.speculation`, speculation)
  return { model, ...settings }
}

function checkSpeculation(where: string, value: unknown): void {
  if (value === 'none' || value === 'lookup' || value === 'mtp') return
  if (isRecord(value) && isModelOrLoader(value.draft) && Object.keys(value).length === 1) return
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `${where} must be "none", "lookup", "mtp" or { draft }, with a model or a function that loads one`,
  )
}

function checkKey(key: unknown, index: number): string {
  if (typeof key === 'string' && key.trim() !== '') return key
  throw new DasllamaError('INVALID_ARGUMENT', `apiKeys[${index}] must be a string that is not empty`)
}

function checkOrigin(origin: unknown, index: number): string {
  try {
    if (typeof origin === 'string' && new URL(origin).origin === origin) return origin
  } catch {
    // Reported below.
  }
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `cors[${index}] must be an origin, not ${describeValue(origin)}`,
    {
      hint: 'for example https://example.org, without a path',
    },
  )
}

function rejectUnknown(where: string, value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    throw new DasllamaError('INVALID_ARGUMENT', `${where}: there is no key ${describeValue(key)}`, {
      hint: `valid keys are ${known.join(', ')}`,
    })
  }
}
