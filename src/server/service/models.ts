import { abortable } from '../../abortable.js'
import { chatSampling, Model, type SamplingParams } from '../../index.js'
import { isA } from '../../read-list.js'
import { ServedChats } from '../../serving/chats.js'
import { ApiError } from '../api-error.js'
import type { ServedModelOptions } from '../options.js'
import { ServedSessions } from './sessions.js'

/** A loaded model with what the server keeps for it. */
export class ServedModel {
  readonly name: string
  readonly model: Model
  readonly chats: ServedChats
  readonly sessions: ServedSessions
  /** What all chats with it have in common. */
  readonly chatSettings: Pick<ServedModelOptions, 'template' | 'replyFormat'>
  /** The sampling parameters of requests that set none. */
  readonly sampling: SamplingParams
  readonly #isOwned: boolean

  constructor(
    name: string,
    model: Model,
    { template, replyFormat, sampling }: ServedModelOptions,
    options: ServedOptions,
  ) {
    this.name = name
    this.model = model
    this.chatSettings = { template, replyFormat }
    this.sampling = { ...chatSampling(model), ...sampling }
    this.chats = new ServedChats(model, options.cachedConversations)
    this.sessions = new ServedSessions(model, options.cachedConversations)
    this.#isOwned = options.isOwned
  }

  /** Frees memory that no request uses; resolves with whether there was any. */
  async free(): Promise<boolean> {
    const freed = await Promise.all([this.chats.free(), this.sessions.free()])
    return freed.includes(true)
  }

  async close(): Promise<void> {
    await Promise.all([this.chats.close(), this.sessions.close()])
    if (this.#isOwned) await this.model.dispose()
  }
}

interface ServedOptions {
  readonly cachedConversations: number
  /** Whether the server has loaded the model, and so disposes it. */
  readonly isOwned: boolean
}

/** The models of a server by name, each loaded when it is first asked for. */
export class ServedModels {
  readonly #options: ReadonlyMap<string, ServedModelOptions>
  readonly #cachedConversations: number
  readonly #loaded = new Map<string, Promise<ServedModel>>()
  /** Unix time in seconds, which models have as `created`. */
  readonly created = Math.floor(Date.now() / 1000)

  constructor(options: ReadonlyMap<string, ServedModelOptions>, cachedConversations: number) {
    this.#options = options
    this.#cachedConversations = cachedConversations
  }

  get names(): readonly string[] {
    return [...this.#options.keys()]
  }

  /**
   * The model of a request; without a name the only one. Rejects with the status 404 for an unknown name, 503 if the model
   * cannot be loaded (the next request tries again), and the signal's reason.
   */
  async get(name: string | undefined, signal: AbortSignal): Promise<ServedModel> {
    const known = this.#nameOf(name)
    let loading = this.#loaded.get(known)
    if (!loading) {
      loading = this.#load(known)
      this.#loaded.set(known, loading)
      loading.catch(() => this.#loaded.delete(known))
    }
    return abortable(loading, signal)
  }

  async close(): Promise<void> {
    const loaded = await Promise.allSettled(this.#loaded.values())
    await Promise.all(loaded.map((each) => (each.status === 'fulfilled' ? each.value.close() : undefined)))
  }

  /** The name of a served model. Throws for one that is missing or unknown. */
  #nameOf(name: string | undefined): string {
    if (name === undefined) {
      const [only, ...others] = this.names
      if (others.length === 0) return only
      throw new ApiError(400, 'model is required, because several models are served', {
        param: 'model',
        code: 'missing_required_parameter',
      })
    }
    if (this.#options.has(name)) return name
    throw modelNotFound(name)
  }

  async #load(name: string): Promise<ServedModel> {
    const settings = this.#options.get(name)!
    const isOwned = typeof settings.model === 'function'
    try {
      const model = typeof settings.model === 'function' ? await settings.model() : settings.model
      if (!isA<Model>(Model as never, model)) throw new TypeError('the loader did not return a model')
      return new ServedModel(name, model, settings, {
        isOwned,
        cachedConversations: this.#cachedConversations,
      })
    } catch (cause) {
      throw new ApiError(503, 'the model could not be loaded', {
        code: 'model_unavailable',
        headers: { 'retry-after': '10' },
        cause,
      })
    }
  }
}

export function modelNotFound(name: string): ApiError {
  return new ApiError(404, `there is no model ${JSON.stringify(name.slice(0, 100))}: see /v1/models`, {
    param: 'model',
    code: 'model_not_found',
  })
}
