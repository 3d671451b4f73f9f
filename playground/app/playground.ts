import type { Model, Session, SessionOptions } from 'dasllama'
import type { LoadedModel, Playground, Run } from './tab.js'
import type { TokenMeter } from './token-meter.js'

/** Holds the model and what runs on it. */
export class PlaygroundState implements Playground {
  loaded: LoadedModel | undefined
  readonly #announcer: HTMLElement
  readonly #meter: TokenMeter
  readonly #modelListeners: ((loaded: LoadedModel | undefined) => void)[] = []
  readonly #runListeners: ((isRunning: boolean) => void)[] = []
  readonly #running = new Set<AbortController>()

  constructor({ announcer, meter }: { readonly announcer: HTMLElement; readonly meter: TokenMeter }) {
    this.#announcer = announcer
    this.#meter = meter
  }

  get isRunning(): boolean {
    return this.#running.size > 0
  }

  onModel(listener: (loaded: LoadedModel | undefined) => void): void {
    this.#modelListeners.push(listener)
    if (this.loaded) listener(this.loaded)
  }

  onRunning(listener: (isRunning: boolean) => void): void {
    this.#runListeners.push(listener)
  }

  createSession(options?: SessionOptions): Session {
    return this.#model().createSession(options)
  }

  async run(work: (run: Run) => Promise<void>): Promise<void> {
    const controller = new AbortController()
    const { signal } = controller
    this.#running.add(controller)
    if (this.#running.size === 1) this.#tellRunning()
    try {
      await work({ signal, count: (tokens) => this.#meter.count(tokens) })
    } catch (error) {
      if (error !== signal.reason || !signal.aborted) throw error
    } finally {
      this.#running.delete(controller)
      if (!this.isRunning) this.#tellRunning()
    }
  }

  stop(): void {
    for (const controller of this.#running) controller.abort()
  }

  announce(text: string): void {
    // The same text twice is a change only if it was empty in between.
    this.#announcer.textContent = ''
    setTimeout(() => {
      this.#announcer.textContent = text
    }, 50)
  }

  /** Replaces the model; the former one is disposed. */
  async use(next: LoadedModel): Promise<void> {
    await this.unload()
    this.loaded = next
    this.#tellModel()
  }

  async unload(): Promise<void> {
    const former = this.loaded
    if (!former) return
    this.stop()
    this.loaded = undefined
    this.#tellModel()
    await former.model.dispose()
  }

  #model(): Model {
    if (this.loaded) return this.loaded.model
    throw new Error('no model is loaded')
  }

  #tellModel(): void {
    for (const listener of this.#modelListeners) listener(this.loaded)
  }

  #tellRunning(): void {
    for (const listener of this.#runListeners) listener(this.isRunning)
  }
}
