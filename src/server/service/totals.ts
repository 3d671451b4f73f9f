import type { Model, ModelCounters, PrefixCacheStats } from '../../index.js'

type CacheCounts = Pick<PrefixCacheStats, 'hits' | 'misses' | 'savedTokens' | 'evictions'>

/** What a served model has computed since the server began, however often it was loaded, and how often that was. */
export interface ModelTotals {
  readonly loads: number
  readonly unloads: number
  readonly counters: ModelCounters
  readonly cache: CacheCounts
}

const NO_COUNTERS: ModelCounters = {
  passes: 0,
  sequences: 0,
  rows: 0,
  computeMs: 0,
  promptTokens: 0,
  generatedTokens: 0,
  draftedTokens: 0,
  acceptedTokens: 0,
}
const NO_CACHE: CacheCounts = { hits: 0, misses: 0, savedTokens: 0, evictions: 0 }

/** Keeps the counts of a model that was unloaded, so that they never shrink. */
export class TotalsMeter {
  #loads = 0
  #unloads = 0
  #counters = NO_COUNTERS
  #cache = NO_CACHE

  loaded(): void {
    this.#loads++
  }

  /** Called before the model's end. */
  unloads(model: Model): void {
    const { counters, cache } = this.read(model)
    this.#unloads++
    this.#counters = counters
    this.#cache = cache
  }

  /** `model`: the one that is loaded now. */
  read(model: Model | undefined): ModelTotals {
    return {
      loads: this.#loads,
      unloads: this.#unloads,
      counters: added(this.#counters, model?.counters ?? NO_COUNTERS),
      cache: added(this.#cache, model?.prefixCache ?? NO_CACHE),
    }
  }
}

/** The sums of all numbers that `first` has. */
export function added<Counts extends object>(first: Counts, second: Counts): Counts {
  const sums = Object.entries(first).map(([name, value]) => {
    return [name, value + (second as Record<string, number>)[name]]
  })
  return Object.fromEntries(sums) as Counts
}
