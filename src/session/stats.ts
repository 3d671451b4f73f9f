import type { CounterMeter } from './counters.js'

/** Cost of a session's latest generation. Rates are 0 if the runtime's clock stood still. */
export interface SessionStats {
  /** Prompt tokens evaluated. */
  readonly nPrompt: number
  /** Cached prompt tokens: the session had evaluated them already. */
  readonly nCached: number
  /** Tokens generated, without the one that ended the generation. */
  readonly nGen: number
  /** Context shifts. */
  readonly nShifts: number
  /** Tokens that were guessed and evaluated ahead (option `speculation`). */
  readonly nDrafted: number
  /** Those of them that were then sampled. */
  readonly nAccepted: number
  /** Milliseconds from the start to the first token. */
  readonly ttftMs: number
  /** Prompt tokens per second of computing. */
  readonly prefillTps: number
  /**
   * Generated tokens per second of computing, without the first one, whose logits the prompt paid for. A pass that is
   * shared with other sessions counts with all of its time: this is how fast the session's text grows beside theirs, and
   * the rates of all that generate add up to the model's. The time of a draft model counts too.
   */
  readonly genTps: number
}

/** Statistics of a generation and of the one that continued it, as one. */
export function addedStats(first: SessionStats, second: SessionStats): SessionStats {
  const rateOf = (tokens: 'nPrompt' | 'nGen', rate: 'prefillTps' | 'genTps') => {
    const seconds = (of: SessionStats) => (of[rate] > 0 ? of[tokens] / of[rate] : 0)
    const all = seconds(first) + seconds(second)
    return all > 0 ? (first[tokens] + second[tokens]) / all : 0
  }
  return {
    nPrompt: first.nPrompt + second.nPrompt,
    nCached: first.nCached + second.nCached,
    nGen: first.nGen + second.nGen,
    nShifts: first.nShifts + second.nShifts,
    nDrafted: first.nDrafted + second.nDrafted,
    nAccepted: first.nAccepted + second.nAccepted,
    ttftMs: first.ttftMs,
    prefillTps: rateOf('nPrompt', 'prefillTps'),
    genTps: rateOf('nGen', 'genTps'),
  }
}

/** Adds up tokens and milliseconds. */
export class StatsMeter {
  #nPrompt = 0
  #nCached = 0
  #nShifts = 0
  #nDrafted = 0
  #nAccepted = 0
  #prefillMs = 0
  #nGen = 0
  #decoded = 0
  #decodeMs = 0
  #started = 0
  #ttftMs = 0
  readonly #now: () => number
  readonly #model: CounterMeter | undefined

  /** `now`: a clock in milliseconds. `model`: counts the same for all sessions of a model. */
  constructor(now: () => number, model?: CounterMeter) {
    this.#now = now
    this.#model = model
    this.start()
  }

  start(): void {
    this.#nPrompt = this.#prefillMs = this.#nGen = this.#decoded = this.#decodeMs = this.#ttftMs = 0
    this.#nCached = this.#nShifts = this.#nDrafted = this.#nAccepted = 0
    this.#started = this.#now()
  }

  reused(tokens: number): void {
    this.#nCached += tokens
  }

  shifted(): void {
    this.#nShifts++
  }

  drafted(tokens: number): void {
    this.#nDrafted += tokens
    this.#model?.add('draftedTokens', tokens)
  }

  /** A draft model has written for so long. It counts as decoding. */
  drafting(ms: number): void {
    this.#decodeMs += ms
  }

  accepted(): void {
    this.#nAccepted++
    this.#model?.add('acceptedTokens', 1)
  }

  /** `ms`: what the passes spent computing, rows of other sessions included, without what the event loop did meanwhile. */
  evaluated(tokens: number, { ms, isDecode }: { ms: number; isDecode: boolean }): void {
    if (isDecode) {
      this.#decoded += tokens
      this.#decodeMs += ms
    } else {
      this.#nPrompt += tokens
      this.#prefillMs += ms
      this.#model?.add('promptTokens', tokens)
    }
  }

  /** A token was sampled. The time since `since` counts as decoding. */
  sampled(since: number): void {
    const now = this.#now()
    if (this.#nGen === 0) this.#ttftMs = now - this.#started
    else this.#decodeMs += now - since
    this.#nGen++
    this.#model?.add('generatedTokens', 1)
  }

  /** Sampled tokens were dropped before they were delivered. */
  takenBack(tokens: number): void {
    this.#nGen -= tokens
  }

  read(): SessionStats {
    return {
      nPrompt: this.#nPrompt,
      nCached: this.#nCached,
      nGen: this.#nGen,
      nShifts: this.#nShifts,
      nDrafted: this.#nDrafted,
      nAccepted: this.#nAccepted,
      ttftMs: this.#ttftMs,
      prefillTps: rate(this.#nPrompt, this.#prefillMs),
      genTps: rate(this.#decoded, this.#decodeMs),
    }
  }
}

function rate(tokens: number, ms: number): number {
  return ms > 0 ? (tokens * 1000) / ms : 0
}
