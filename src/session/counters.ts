/** What a model has done since it was loaded, for all of its sessions together. Nothing of it ever shrinks. */
export interface ModelCounters {
  /** Passes through the model that ran batches of sessions. Texts of encoders are not counted. */
  readonly passes: number
  /** Sequences in all of these passes: divided by `passes`, how many share one on average. */
  readonly sequences: number
  /** Tokens in all of these passes, drafts included. */
  readonly rows: number
  /** Milliseconds that they took. */
  readonly computeMs: number
  /** Prompt tokens that were evaluated: those that were cached are not among them. */
  readonly promptTokens: number
  /** Tokens that were sampled. */
  readonly generatedTokens: number
  /** Tokens that were guessed and evaluated ahead (option `speculation`). */
  readonly draftedTokens: number
  /** Those of them that were then sampled. */
  readonly acceptedTokens: number
}

/** Adds up a model's counters. */
export class CounterMeter {
  readonly #counts = {
    passes: 0,
    sequences: 0,
    rows: 0,
    computeMs: 0,
    promptTokens: 0,
    generatedTokens: 0,
    draftedTokens: 0,
    acceptedTokens: 0,
  }

  passed({ sequences, rows, ms }: { sequences: number; rows: number; ms: number }): void {
    this.#counts.passes++
    this.#counts.sequences += sequences
    this.#counts.rows += rows
    this.#counts.computeMs += ms
  }

  add(name: 'promptTokens' | 'generatedTokens' | 'draftedTokens' | 'acceptedTokens', count: number): void {
    this.#counts[name] += count
  }

  read(): ModelCounters {
    return { ...this.#counts }
  }
}
