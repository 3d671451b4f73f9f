import { MAX_DRAFT } from '../packing.js'

/** How much of the time of one row each further row is expected to take until passes have been measured. */
const EXPECTED_SLOPE = 0.35
/** The time of a draft model's step in that of one row, until steps have been measured. */
const EXPECTED_STEP = 0.2
/** Measurements of a kind that count: the latest. */
const KEPT = 5
/** Fewer measurements than these are not believed if they say that rows cost more than expected. */
const TRUSTED = 3
/** After so many passes with one row, the oldest measurement of each other kind is forgotten, so that rows are tried again one day. */
const MEMORY = 128

const MAX_ROWS = 1 + MAX_DRAFT

/** What passes take by their number of rows, and what a step of the draft model takes. Its unit is a pass with one row. */
export class PassCost {
  readonly #passes: Latest[] = []
  readonly #steps = new Latest()
  /** Passes with one row since something was forgotten. */
  #plain = 0
  /** For each number of rows; computed when it is needed. */
  #costs: Float64Array | undefined
  #step: number | undefined

  /** A pass with `rows` rows of the sequence took `ms`. A clock that stands still changes nothing. */
  took(rows: number, ms: number): void {
    if (!(ms > 0)) return
    this.#passes[rows] ??= new Latest()
    this.#passes[rows].add(ms)
    if (rows === 1 && ++this.#plain === MEMORY) this.#forget()
    this.#costs = this.#step = undefined
  }

  /** A step of the draft model took `ms`. */
  stepTook(ms: number): void {
    if (!(ms > 0)) return
    this.#steps.add(ms)
    this.#step = undefined
  }

  /** The time of a pass with `rows` rows, 1 to 16. It never falls with the rows. */
  of(rows: number): number {
    this.#costs ??= this.#fit()
    return this.#costs[rows]
  }

  /** The time of a step of the draft model. */
  get step(): number {
    if (this.#step === undefined) {
      const ms = this.#steps.median
      const one = this.#one
      this.#step = ms === undefined || one === undefined ? EXPECTED_STEP : ms / one
    }
    return this.#step
  }

  /** Milliseconds of a pass with one row; estimated if there was none, `undefined` without any pass. */
  get #one(): number | undefined {
    for (const [rows, latest] of this.#passes.entries()) {
      if (latest) return latest.median! / (1 + EXPECTED_SLOPE * (rows - 1))
    }
    return undefined
  }

  /** Lines between what has been measured; after the last, the mean slope so far. */
  #fit(): Float64Array {
    const costs = new Float64Array(MAX_ROWS + 1)
    const one = this.#one
    let [rows, cost] = [1, 1]
    let [slopes, count] = [EXPECTED_SLOPE, 1]
    costs[1] = 1
    const fill = (to: number, slope: number) => {
      for (let at = rows + 1; at <= to; at++) costs[at] = Math.max(costs[at - 1], cost + slope * (at - rows))
    }
    for (let at = 2; at <= MAX_ROWS; at++) {
      const ms = this.#passes[at]?.median
      if (ms === undefined || one === undefined) continue
      const { count: times } = this.#passes[at]
      const most = times < TRUSTED ? 1 + EXPECTED_SLOPE * (at - 1) : Number.POSITIVE_INFINITY
      const measured = Math.max(1, Math.min(ms / one, most))
      fill(at, (measured - cost) / (at - rows))
      slopes += (measured - 1) / (at - 1)
      count++
      rows = at
      cost = costs[at]
    }
    fill(MAX_ROWS, slopes / count)
    return costs
  }

  #forget(): void {
    this.#plain = 0
    for (const [rows, latest] of this.#passes.entries()) if (rows > 1) latest?.forget()
  }
}

/** The median of the latest measurements: a disturbance, and the first run of code that is not compiled yet, count little. */
class Latest {
  readonly #values: number[] = []

  add(value: number): void {
    this.#values.push(value)
    if (this.#values.length > KEPT) this.#values.shift()
  }

  /** Forgets the oldest one. */
  forget(): void {
    this.#values.shift()
  }

  get count(): number {
    return this.#values.length
  }

  get median(): number | undefined {
    const sorted = [...this.#values].sort((a, b) => a - b)
    return sorted[sorted.length >> 1]
  }
}
