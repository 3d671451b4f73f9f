import { Model, type SamplingParams, type Speculation } from '../../index.js'
import { isA } from '../../read-list.js'
import type { ServedChats } from '../../serving/chats.js'
import { ApiError } from '../api-error.js'
import type { ServedModelOptions } from '../options.js'
import type { ReplyCounts } from './generating.js'
import { LoadedModel } from './loaded-model.js'
import { type ItemSource, Residency, type Use } from './residency.js'
import type { ServedSessions } from './sessions.js'
import { loadSpeculation } from './speculation.js'
import { type ModelTotals, TotalsMeter } from './totals.js'

/** A loaded model as one request sees it: with what is kept of its tenant's earlier requests, and of no other's. */
export interface ServedModel {
  readonly name: string
  readonly model: Model
  readonly chats: ServedChats
  readonly sessions: ServedSessions
  /** What all chats with it have in common. */
  readonly chatSettings: Pick<ServedModelOptions, 'template' | 'replyFormat'>
  /** The sampling parameters of requests that set none. */
  readonly sampling: SamplingParams
  /** How tokens are guessed. */
  readonly speculation: Speculation
  /** Frees memory that no request uses; resolves with whether there was any. */
  free(): Promise<boolean>
  /** Called with the request's numbers of tokens, whenever they have grown. */
  progress(counts: ReplyCounts): void
  /** Waits until there is memory for texts to their end. Rejects with the signal's reason. */
  admit(texts: ExpectedTexts, signal: AbortSignal): Promise<Admitted>
}

/** Texts that a request is about to have written. */
export interface ExpectedTexts {
  /** Tokens of the prompt. */
  readonly prompt: number
  /** The most tokens of a text; `undefined`: as many as the context holds. */
  readonly reply: number | undefined
  /** How many texts continue the prompt. */
  readonly count: number
}

export interface Admitted {
  /** Whether they may be written at the same time; otherwise one after the other. */
  readonly isTogether: boolean
  /** To be called when they have been written. Idempotent. */
  leave(): void
}

/** What `ServedModels` needs of the handler's options. */
export interface ServingOptions {
  readonly cachedConversations: number
  readonly maxLoaded: number
  readonly unloadAfter: number | undefined
  /** The most requests that wait for a model to be loaded. */
  readonly maxWaiting: number
}

/** What is known of a served model; `unloaded` until its memory has been freed. */
export interface ModelStatus {
  readonly name: string
  readonly state: 'unloaded' | 'loading' | 'ready' | 'failed'
  /** Absent if it is not loaded. */
  readonly model: Model | undefined
  readonly idleMs: number | undefined
  readonly totals: ModelTotals
}

/** The models of a server by name, each loaded when it is first asked for. */
export class ServedModels {
  readonly #options: ReadonlyMap<string, ServedModelOptions>
  readonly #residency: Residency<LoadedModel>
  readonly #maxWaiting: number
  readonly #totals = new Map<string, TotalsMeter>()
  /** Unix time in seconds, which models have as `created`. */
  readonly created = Math.floor(Date.now() / 1000)

  constructor(options: ReadonlyMap<string, ServedModelOptions>, serving: ServingOptions) {
    this.#options = options
    this.#maxWaiting = serving.maxWaiting
    const { cachedConversations } = serving
    const sources = Array.from(options, ([name, settings]) => {
      const totals = new TotalsMeter()
      this.#totals.set(name, totals)
      return [name, sourceOf(name, settings, { cachedConversations, totals })] as const
    })
    this.#residency = new Residency(new Map(sources), serving)
  }

  get names(): readonly string[] {
    return [...this.#options.keys()]
  }

  /** Requests that wait for their model to be loaded. */
  get waiting(): number {
    return this.#residency.waiting
  }

  /**
   * The model of a request until the use ends; without a name the only one. Rejects with the status 404 for an unknown name,
   * 503 if the model cannot be loaded (the next request tries again), 429 if too many wait for models, and the signal's reason.
   */
  async use(name: string | undefined, signal: AbortSignal): Promise<Use<LoadedModel>> {
    const known = this.nameOf(name)
    const isThere = this.#residency.isReady(known) || isGiven(this.#options.get(known)!)
    if (!isThere && this.waiting >= this.#maxWaiting) {
      throw new ApiError(429, `the server is busy: ${this.waiting} requests are waiting for models`, {
        code: 'queue_full',
        headers: { 'retry-after': '10' },
      })
    }
    return this.#residency.acquire(known, signal)
  }

  /** Frees a model's memory. Rejects with the status 404 for an unknown name, 409 if it is in use or was given loaded. */
  async unload(name: string): Promise<void> {
    const known = this.nameOf(name)
    if (isGiven(this.#options.get(known)!)) {
      throw new ApiError(409, 'the model was given to the server loaded, so it cannot be unloaded', {
        code: 'model_not_unloadable',
      })
    }
    if (await this.#residency.unload(known)) return
    throw new ApiError(409, 'the model is in use: requests run or wait for it, or it is being loaded', {
      code: 'model_busy',
      headers: { 'retry-after': '10' },
    })
  }

  status(): readonly ModelStatus[] {
    return Array.from(this.#options, ([name, settings]): ModelStatus => {
      const its = this.#residency.stateOf(name)
      const given = isGiven(settings) ? (settings.model as Model) : undefined
      const state = given ? 'ready' : its === 'unloading' ? 'unloaded' : its
      const model = given ?? this.#residency.peek(name)?.model
      const totals = this.#totals.get(name)!.read(model)
      return { name, state, model, idleMs: this.#residency.idleMs(name), totals }
    })
  }

  /** Frees all models. A loader that has not ended within ten seconds, or when the signal is aborted, is not waited for. */
  close(signal: AbortSignal): Promise<void> {
    return this.#residency.close({ signal })
  }

  /** The name of a served model. Throws for one that is missing or unknown. */
  nameOf(name: string | undefined): string {
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
}

function sourceOf(
  name: string,
  settings: ServedModelOptions,
  { cachedConversations, totals }: { readonly cachedConversations: number; readonly totals: TotalsMeter },
): ItemSource<LoadedModel> {
  return {
    isFixed: isGiven(settings),
    load: async () => {
      try {
        const model = typeof settings.model === 'function' ? await settings.model() : settings.model
        if (!isA<Model>(Model as never, model)) throw new TypeError('the loader did not return a model')
        const speculation = await loadSpeculation(settings.speculation, model).catch(async (error) => {
          if (!isGiven(settings)) await model.dispose()
          throw error
        })
        totals.loaded()
        return new LoadedModel({ name, model, settings, speculation, cachedConversations })
      } catch (cause) {
        throw new ApiError(503, 'the model could not be loaded', {
          code: 'model_unavailable',
          headers: { 'retry-after': '10' },
          cause,
        })
      }
    },
    unload: (loaded) => {
      // Models that the caller has loaded stay the caller's.
      const isOwned = !isGiven(settings)
      if (isOwned) totals.unloads(loaded.model)
      return loaded.close({ disposes: isOwned })
    },
  }
}

/** Whether the caller has loaded the model, and so disposes it. */
function isGiven({ model }: ServedModelOptions): boolean {
  return typeof model !== 'function'
}

export function modelNotFound(name: string): ApiError {
  return new ApiError(404, `there is no model ${JSON.stringify(name.slice(0, 100))}: see /v1/models`, {
    param: 'model',
    code: 'model_not_found',
  })
}
