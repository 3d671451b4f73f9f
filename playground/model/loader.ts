import {
  DasllamaError,
  type LoadProgress,
  loadModel,
  type Model,
  type ModelSource,
  type Warning,
} from 'dasllama'
import { type ModelStore, openStore } from 'dasllama/hub'
import { messageOf } from '../app/failure.js'
import { bytes, duration } from '../app/format.js'
import type { PlaygroundState } from '../app/playground.js'

/** Where models come from, and how they are loaded. */
export interface LoadSettings {
  readonly baseUrl: string
  readonly token: string
  /** `undefined`: the library's default. */
  readonly contextLength: number | undefined
}

/** A load in progress, and what came of the last one. */
export interface LoadState {
  readonly name: string
  readonly progress: LoadProgress | undefined
  /** The latest warning. */
  readonly warning: Warning | undefined
}

/** What the loaded model was loaded from. */
export interface Origin {
  readonly source: ModelSource
  readonly name: string
  readonly warnings: readonly Warning[]
  /** Milliseconds. */
  readonly loadTime: number
}

/** Loads models, one at a time; the former one works until the next is ready. */
export class ModelLoader {
  loading: LoadState | undefined
  failure: unknown
  origin: Origin | undefined
  /** Asked when a load begins. */
  settings = (): LoadSettings => ({ baseUrl: '', token: '', contextLength: undefined })
  readonly #app: PlaygroundState
  readonly #embedded: { readonly source: string; readonly name: string }
  readonly #listeners: (() => void)[] = []
  #store: Promise<ModelStore> | undefined
  #abort: AbortController | undefined

  constructor(app: PlaygroundState, embedded: { readonly source: string; readonly name: string }) {
    this.#app = app
    this.#embedded = embedded
  }

  /** Called when a load begins, progresses and ends. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** What is being loaded, in a few words. */
  get state(): string | undefined {
    if (!this.loading) return this.failure === undefined ? undefined : 'The model could not be loaded'
    const { name, progress } = this.loading
    return `Loading ${name}${progress ? ` · ${describeProgress(progress)}` : ' …'}`
  }

  loadEmbedded(): Promise<void> {
    const { source, name } = this.#embedded
    return this.#load(source, name, false)
  }

  loadFile(file: File): Promise<void> {
    return this.#load(file, file.name, false)
  }

  /** A name on the hub, or an address. It is kept where the browser allows it. */
  async loadNamed(name: string): Promise<void> {
    // Without a store, `onWarning` says so.
    const store = await this.store().catch(() => undefined)
    return this.#load(name, name.replace(/@main$/, ''), store)
  }

  /** The models that are kept. Rejects where nothing can be. */
  store(): Promise<ModelStore> {
    this.#store ??= openStore()
    return this.#store
  }

  cancel(): void {
    this.#abort?.abort()
  }

  get hub(): { baseUrl?: string; token?: string } {
    const { baseUrl, token } = this.settings()
    return { ...(baseUrl !== '' && { baseUrl }), ...(token !== '' && { token }) }
  }

  async #load(source: ModelSource, name: string, store: ModelStore | false | undefined): Promise<void> {
    this.cancel()
    const abort = new AbortController()
    this.#abort = abort
    this.failure = undefined
    const warnings: Warning[] = []
    let progress: LoadProgress | undefined
    const show = () => {
      if (this.#abort === abort) this.#show({ name, progress, warning: warnings.at(-1) })
    }
    show()
    const started = performance.now()
    try {
      const model = await loadModel(source, {
        store,
        hub: this.hub,
        contextLength: this.settings().contextLength,
        signal: abort.signal,
        onWarning: (warning) => {
          warnings.push(warning)
          show()
        },
        onProgress: (latest) => {
          progress = latest
          show()
        },
      })
      await this.#use(model, { source, name, warnings, loadTime: performance.now() - started })
    } catch (error) {
      if (this.#abort !== abort) return
      this.failure = abort.signal.aborted ? cancelled(name) : error
      this.#app.announce(messageOf(this.failure))
    }
    if (this.#abort === abort) this.#show(undefined)
  }

  async #use(model: Model, origin: Origin): Promise<void> {
    if (model.kind === 'encoder') {
      await model.dispose()
      throw new DasllamaError(
        'UNSUPPORTED',
        `${origin.name} is an encoder: it embeds texts and does not write any`,
        {
          hint: 'choose a model that generates text',
        },
      )
    }
    this.origin = origin
    await this.#app.use({ model, name: origin.name })
    this.#app.announce(`${origin.name} is loaded.`)
  }

  #show(loading: LoadState | undefined): void {
    this.loading = loading
    for (const listener of this.#listeners) listener()
  }
}

/** Not a failure of the model, but told in the same place. */
function cancelled(name: string): Error {
  return new Error(`Loading ${name} was cancelled. What has arrived is kept; load it again to continue.`)
}

/** `12.3 MB of 45.1 MB from the network · 3.21 MB/s · 10 s left`. */
export function describeProgress({ loaded, total, bytesPerSecond, secondsLeft, from }: LoadProgress): string {
  const where = { network: ' from the network', store: ' from the store', local: '' }[from]
  const parts = [`${bytes(loaded)} of ${bytes(total)}${where}`]
  if (bytesPerSecond > 0) parts.push(`${bytes(bytesPerSecond)}/s`)
  if (secondsLeft !== undefined && loaded < total) parts.push(`${duration(secondsLeft)} left`)
  return parts.join(' · ')
}
