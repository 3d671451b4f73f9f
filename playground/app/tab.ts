import type { Model, Session, SessionOptions } from 'dasllama'

/** One of the page's tabs. `main.ts` lists them. */
export interface Tab {
  /** Lowercase letters; part of element ids and of the address (`#sampling`). */
  readonly id: string
  readonly label: string
  /** Fills the panel. Called once, when the tab is first shown; there may be no model yet. */
  mount(panel: HTMLElement, app: Playground): void
  /** Called each time the panel becomes visible, after `mount`. */
  show?(): void
}

/** The model that the tabs work with. */
export interface LoadedModel {
  readonly model: Model
  /** As the user knows it: a file's name, or what was pulled. */
  readonly name: string
}

/** What all tabs share. */
export interface Playground {
  /** `undefined` until a model is loaded, and while another one is. */
  readonly loaded: LoadedModel | undefined
  /**
   * Calls `listener` now, if a model is loaded, and after each change. With `undefined` the model is about to be disposed, which
   * ends its sessions and chats: forget them.
   */
  onModel(listener: (loaded: LoadedModel | undefined) => void): void
  /** A session on the loaded model. Dispose it when it is no longer shown. Throws if there is no model. */
  createSession(options?: SessionOptions): Session
  /**
   * Runs work that generates. Its tokens count for the rate in the status line, and the Stop button and Escape abort its signal.
   * Several may run at a time. Rejects as `work` does, except with an abort of its own signal, with which it resolves.
   */
  run(work: (run: Run) => Promise<void>): Promise<void>
  /** Aborts all runs. */
  stop(): void
  /** Whether anything runs. */
  readonly isRunning: boolean
  /** Calls `listener` when the first run begins and when the last one has ended. */
  onRunning(listener: (isRunning: boolean) => void): void
  /** Says something to screen readers, once: a finished reply, an error. Not single tokens. */
  announce(text: string): void
}

/** What work that generates gets. */
export interface Run {
  /** Pass it to `generate`, `eval`, `respond`. */
  readonly signal: AbortSignal
  /** Call it for each token that arrives, or with how many have. */
  count(tokens?: number): void
}
