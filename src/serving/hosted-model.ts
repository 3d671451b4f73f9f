import { abortable } from '../abortable.js'
import { checkCount, checkOptions, checkString } from '../checks.js'
import { describeValue } from '../describe.js'
import {
  createChat,
  DasllamaError,
  type Model,
  type ReplyFormatOverrides,
  type SamplingParams,
} from '../index.js'
import { type ServedChat, ServedChats } from './chats.js'
import { IdleList } from './idle-list.js'
import { isModelOrLoader, loadedModel, type ModelOrLoader } from './model-or-loader.js'

/** Settings of a model that adapters of other libraries use. */
export interface HostedModelOptions {
  /** The chat template: see `ChatOptions.template`. Default: the file's. */
  readonly template?: string
  /** How replies are parsed: see `ChatOptions.replyFormat`. Default: as detected from the template. */
  readonly replyFormat?: ReplyFormatOverrides
  /** Sampling parameters of calls that do not set them. Default: what `chatSampling` returns. */
  readonly sampling?: SamplingParams
  /** Conversations whose evaluated tokens are kept for the next call with the same beginning, 0 to 10,000. Default 4. */
  readonly cachedConversations?: number
}

const KEYS: readonly string[] = [
  'template',
  'replyFormat',
  'sampling',
  'cachedConversations',
] satisfies (keyof HostedModelOptions)[]

/** A loaded model with its conversations. */
export class Loaded {
  readonly model: Model
  readonly chats: ServedChats
  /** What all chats with it have in common. */
  readonly chatSettings: Pick<HostedModelOptions, 'template' | 'replyFormat'>
  /** The sampling parameters of calls that set none. */
  readonly sampling: SamplingParams
  readonly #kept: IdleList<ServedChat>
  #showsReasoning: boolean | undefined

  constructor(
    model: Model,
    { template, replyFormat, sampling = {}, cachedConversations = 4 }: HostedModelOptions,
  ) {
    this.model = model
    this.chatSettings = { template, replyFormat }
    this.sampling = sampling
    this.#kept = new IdleList(cachedConversations)
    // All calls come from this program.
    this.chats = new ServedChats(model, this.#kept, '')
  }

  /** Whether replies have reasoning, which can be turned on and off. Throws what `createChat` throws. */
  get showsReasoning(): boolean {
    if (this.#showsReasoning === undefined) {
      using chat = createChat(this.model, this.chatSettings)
      this.#showsReasoning = chat.replyFormat.reasoning !== 'none'
    }
    return this.#showsReasoning
  }

  /** Frees memory that no call uses; resolves with whether there was any. */
  free(): Promise<boolean> {
    return this.#kept.free()
  }

  /** The same; from now on, nothing is kept. */
  close(): Promise<void> {
    return this.#kept.close()
  }
}

/** A model that calls of an adapter share. It is loaded when the first call needs it. */
export class HostedModel {
  readonly #source: ModelOrLoader
  readonly #options: HostedModelOptions
  #loading: Promise<Loaded> | undefined
  #isLoaded = false
  #isDisposed = false

  /** `where` is for messages. Throws `INVALID_ARGUMENT`. */
  constructor(where: string, source: ModelOrLoader, options: HostedModelOptions = {}) {
    if (!isModelOrLoader(source)) {
      throw new DasllamaError(
        'INVALID_ARGUMENT',
        `${where} must be a model or a function that loads one, not ${describeValue(source)}`,
        { hint: 'await loadModel(…) gives one' },
      )
    }
    this.#source = source
    this.#options = checkHostedOptions(options)
  }

  /** How far the model is. */
  get state(): 'unloaded' | 'loading' | 'loaded' {
    if (this.#isLoaded || typeof this.#source !== 'function') return 'loaded'
    return this.#loading ? 'loading' : 'unloaded'
  }

  /**
   * The model. Rejects with what its loader throws (the next call tries again), `DISPOSED`, and the signal's reason.
   */
  get(signal?: AbortSignal): Promise<Loaded> {
    if (this.#isDisposed) {
      return Promise.reject(new DasllamaError('DISPOSED', 'the model is used after its dispose()'))
    }
    let loading = this.#loading
    if (!loading) {
      loading = this.#load()
      this.#loading = loading
      loading.catch(() => {
        this.#loading = undefined
      })
    }
    return abortable(loading, signal)
  }

  /** Frees the cached conversations, and the model if a loader has loaded it. Idempotent. */
  async dispose(): Promise<void> {
    this.#isDisposed = true
    const loaded = await this.#loading?.catch(() => undefined)
    await loaded?.close()
    if (typeof this.#source === 'function') await loaded?.model.dispose()
  }

  async #load(): Promise<Loaded> {
    const loaded = new Loaded(await loadedModel(this.#source), this.#options)
    this.#isLoaded = true
    return loaded
  }
}

function checkHostedOptions(options: HostedModelOptions): HostedModelOptions {
  checkOptions(options)
  for (const key of Object.keys(options)) {
    if (KEYS.includes(key)) continue
    throw new DasllamaError('INVALID_ARGUMENT', `there is no option ${describeValue(key)} of a model`, {
      hint: `valid options are ${KEYS.join(', ')}`,
    })
  }
  const { template, replyFormat, sampling, cachedConversations } = options
  if (template !== undefined) checkString('template', template)
  if (cachedConversations !== undefined) checkCount('cachedConversations', cachedConversations, 0, 10_000)
  for (const inner of [replyFormat, sampling]) if (inner !== undefined) checkOptions(inner)
  return options
}
