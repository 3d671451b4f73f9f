import { checkFunction, checkOptions, checkSignal } from '../checks.js'
import { chatSampling, type Model } from '../index.js'
import { HostedModel, type HostedModelOptions } from '../serving/hosted-model.js'
import { domException, webError } from './errors.js'
import {
  isSupported,
  type LanguageModelCreateCoreOptions,
  type LanguageModelCreateOptions,
  readSettings,
} from './options.js'
import { LanguageModelSession } from './session.js'

/** Loads a model; calls `onProgress` with how much has been loaded, from 0 to 1, if it knows. */
export type LanguageModelLoader = (options: {
  readonly onProgress: (loaded: number) => void
}) => Model | Promise<Model>

/** Whether sessions can be created: at once, when the model has been loaded, or not at all. */
export type Availability = 'unavailable' | 'downloadable' | 'downloading' | 'available'

/** The web's `LanguageModel`, with a model of this program. */
export interface LanguageModel {
  /** Whether sessions with these options can be created. */
  availability(options?: LanguageModelCreateCoreOptions): Promise<Availability>
  /**
   * A session. Loads the model if that has not been done. Rejects with `DOMException`s: `NotSupportedError` for inputs that the
   * model cannot read, `QuotaExceededError` for initial prompts that do not fit; with `TypeError` and `RangeError` for wrong
   * options; with the signal's reason.
   */
  create(options?: LanguageModelCreateOptions): Promise<LanguageModelSession>
  /** Defaults and largest values of the options; `null` before the model has been loaded. */
  params(): Promise<{
    readonly defaultTopK: number
    readonly maxTopK: number
    readonly defaultTemperature: number
    readonly maxTemperature: number
  } | null>
  /** Frees the model if a loader has loaded it. Idempotent. */
  dispose(): Promise<void>
}

/** Options of `createLanguageModel`. */
export type LanguageModelOptions = Omit<HostedModelOptions, 'cachedConversations'>

/** The event of `monitor`. */
class DownloadProgress extends Event {
  readonly lengthComputable = true
  readonly loaded: number
  readonly total = 1

  constructor(loaded: number) {
    super('downloadprogress')
    this.loaded = loaded
  }
}

/**
 * A model in the shape of the web's Prompt API, for pages whose browser has none and for other runtimes.
 *
 * ```js
 * const LanguageModel = createLanguageModel(() => loadModel('model.gguf'))
 * const session = await LanguageModel.create({ initialPrompts: [{ role: 'system', content: 'Be brief.' }] })
 * const answer = await session.prompt('Who are you?')
 * ```
 *
 * Throws `INVALID_ARGUMENT` for what is neither a model nor a function.
 */
export function createLanguageModel(
  model: Model | LanguageModelLoader,
  options: LanguageModelOptions = {},
): LanguageModel {
  const loading = new EventTarget()
  const progress = (loaded: number) => void loading.dispatchEvent(new DownloadProgress(loaded))
  const source = typeof model === 'function' ? async () => model({ onProgress: progress }) : model
  const hosted = new HostedModel('model', source, { ...options, cachedConversations: 0 })
  return {
    async availability(wanted = {}) {
      if (!isSupported(wanted)) return 'unavailable'
      const states = { unloaded: 'downloadable', loading: 'downloading', loaded: 'available' } as const
      return states[hosted.state]
    },
    async create(wanted = {}) {
      try {
        checkOptions(wanted)
        const { signal, monitor } = wanted
        checkSignal(signal)
        checkFunction('monitor', monitor)
        signal?.throwIfAborted()
        if (!isSupported(wanted)) {
          throw domException('NotSupportedError', 'the model reads and writes text only')
        }
        const settings = readSettings(wanted)
        const loaded = await monitored(hosted, loading, monitor, signal)
        return LanguageModelSession.create(loaded, settings, signal)
      } catch (error) {
        throw webError(error)
      }
    },
    async params() {
      if (hosted.state !== 'loaded') return null
      const loaded = await hosted.get()
      const { topK = 0, temp = 0 } = { ...chatSampling(loaded.model), ...loaded.sampling }
      return {
        defaultTopK: topK,
        maxTopK: loaded.model.config.vocabSize,
        defaultTemperature: temp,
        maxTemperature: 2,
      }
    },
    dispose: () => hosted.dispose(),
  }
}

/** Loads the model while a monitor is told of the progress, which begins with 0 and ends with 1. */
async function monitored(
  hosted: HostedModel,
  loading: EventTarget,
  monitor: LanguageModelCreateOptions['monitor'],
  signal: AbortSignal | undefined,
) {
  const target = new EventTarget()
  let latest = -1
  const tell = (loaded: number) => {
    if (!(loaded > latest && loaded <= 1)) return
    latest = loaded
    target.dispatchEvent(new DownloadProgress(loaded))
  }
  const forward = (event: Event) => event instanceof DownloadProgress && tell(event.loaded)
  monitor?.(target)
  loading.addEventListener('downloadprogress', forward)
  try {
    tell(0)
    const loaded = await hosted.get(signal)
    tell(1)
    return loaded
  } finally {
    loading.removeEventListener('downloadprogress', forward)
  }
}
