/** One engine under measurement. Every contestant lives in a process of its own. */
export interface Contestant {
  /** Versions and settings worth recording, by name. */
  describe(): Promise<Readonly<Record<string, string>>>
  /** Everything from the file's name to a sequence that is ready for the first token. */
  load(path: string, options: LoadOptions): Promise<Sequence>
}

export interface LoadOptions {
  readonly contextLength: number
  readonly threads: number
}

/** One sequence on a loaded model. */
export interface Sequence {
  /** Forgets all tokens. Not timed. */
  reset(): Promise<void>
  /** Evaluates `ids` together, up to the logits after the last one. */
  prefill(ids: readonly number[]): Promise<void>
  /** Evaluates `ids` one by one, with logits after each. */
  decode(ids: readonly number[]): Promise<void>
  /** Bytes of memory for weights, caches and scratch, where the engine tells. */
  memoryBytes?(): number
}

/** A module of contestants exports one as `contestant`. */
export interface ContestantModule {
  readonly contestant: Contestant
}
