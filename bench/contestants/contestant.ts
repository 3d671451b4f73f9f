import type { KernelBuild } from '../../src/backend/wasm/kernel-builds.js'

/** One engine under measurement. Every contestant runs in a separate process or browser. */
export interface Contestant {
  /** Versions and settings worth recording, by name. */
  describe(): Promise<Readonly<Record<string, string>>>
  /** From the file's name (its URL in a browser) to a sequence that is ready for the first token. */
  load(source: string, options: LoadOptions): Promise<Sequence>
  /** The same for several sequences that are decoded together. Absent where the bench does not ask for that. */
  loadBatched?(source: string, options: BatchedOptions): Promise<BatchedSequences>
}

export interface LoadOptions {
  readonly contextLength: number
  readonly threads: number
  /** The build of our kernels; rivals ignore it. */
  readonly kernels?: KernelBuild
}

export interface BatchedOptions extends LoadOptions {
  /** How many there are at most; each has room for `contextLength` tokens. */
  readonly sequences: number
}

/** One sequence on a loaded model. */
export interface Sequence {
  /** Removes all tokens except the first `length`. Not timed. Throws if only 0 is possible. */
  rewind(length: number): Promise<void>
  /** Evaluates `ids` together, up to the logits after the last one. */
  prefill(ids: readonly number[]): Promise<void>
  /** Evaluates `ids` one by one, with logits after each. */
  decode(ids: readonly number[]): Promise<void>
  /** Bytes of memory for weights, caches and scratch, if the engine reports them. */
  memoryBytes?(): number
}

/** Several sequences on a loaded model. */
export interface BatchedSequences {
  /** Forgets all tokens of all sequences. Not timed. */
  reset(): Promise<void>
  /** Evaluates `ids[i]` in sequence `i`, all of them in one batch, with logits for each. */
  decode(ids: readonly number[]): Promise<void>
  /**
   * Writes `tokens` tokens in each of the first sequences, which begin with `first[i]` and choose the next ones themselves. What
   * has this is timed by it instead of `decode`.
   */
  write?(first: readonly number[], tokens: number): Promise<void>
  /** The logits of a sequence after its last token, where they can be read. */
  logits?(sequence: number): Float32Array
}

/** A module of contestants exports one as `contestant`. */
export interface ContestantModule {
  readonly contestant: Contestant
}
