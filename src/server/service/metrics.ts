import type { RequestRecord } from '../options.js'

/** Upper limits of the buckets, in seconds. */
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]

/** Counts of durations, as a Prometheus histogram has them. */
export class Histogram {
  /** Upper limit of each bucket, and how many durations are within it. */
  readonly buckets: { readonly limit: number; count: number }[] = BUCKETS.map((limit) => ({
    limit,
    count: 0,
  }))
  count = 0
  sum = 0

  observe(seconds: number): void {
    this.count++
    this.sum += seconds
    for (const bucket of this.buckets) if (seconds <= bucket.limit) bucket.count++
  }
}

/** Tokens of all requests so far. */
export interface TokenTotals {
  prompt: number
  cached: number
  completion: number
}

/** Counts of all requests since the server began. */
export class ServerMetrics {
  /** Requests that have ended, by the endpoint's path and the status. */
  readonly requests = new Map<string, { readonly endpoint: string; readonly status: number; count: number }>()
  /** By model. */
  readonly tokens = new Map<string, TokenTotals>()
  readonly duration = new Histogram()
  readonly timeToFirstToken = new Histogram()
  /** Requests that failed, in a stream too. */
  errors = 0
  readonly #since = performance.now()
  readonly #speed = [new RateOf(), new RateOf()] as const

  /** Seconds since the server began. */
  get uptime(): number {
    return (performance.now() - this.#since) / 1000
  }

  /** POST requests that have ended. */
  get totalRequests(): number {
    return this.duration.count
  }

  get totalTokens(): TokenTotals {
    const sum = { prompt: 0, cached: 0, completion: 0 }
    for (const { prompt, cached, completion } of this.tokens.values()) {
      sum.prompt += prompt
      sum.cached += cached
      sum.completion += completion
    }
    return sum
  }

  /** Tokens per second in the last seconds, from what there is altogether. */
  rates(promptTokens: number, completionTokens: number): { promptTokens: number; completionTokens: number } {
    const [prompt, completion] = this.#speed
    return {
      promptTokens: prompt.update(promptTokens),
      completionTokens: completion.update(completionTokens),
    }
  }

  firstToken(ms: number): void {
    this.timeToFirstToken.observe(ms / 1000)
  }

  /** `endpoint`: its path, not that of the request, so that clients cannot make new rows. */
  ended(record: RequestRecord, endpoint: string): void {
    const {
      method,
      status,
      ms,
      model,
      ended,
      promptTokens = 0,
      cachedTokens = 0,
      completionTokens = 0,
    } = record
    // Who watches the server does not change what is seen.
    if (method === 'POST') this.duration.observe(ms / 1000)
    if (status >= 500 || (ended !== undefined && !LEFT.includes(ended) && status === 200)) this.errors++
    const key = `${endpoint} ${status}`
    const row = this.requests.get(key) ?? { endpoint, status, count: 0 }
    row.count++
    this.requests.set(key, row)
    if (model === undefined) return
    const tokens = this.tokens.get(model) ?? { prompt: 0, cached: 0, completion: 0 }
    tokens.prompt += promptTokens
    tokens.cached += cachedTokens
    tokens.completion += completionTokens
    this.tokens.set(model, tokens)
  }
}

/** How far back a rate looks, in milliseconds. */
const WINDOW = 5000

/** How fast a count grows, measured whenever somebody asks. */
class RateOf {
  #samples = [{ at: performance.now(), count: 0 }]

  update(count: number): number {
    const at = performance.now()
    // One that is older stays: the window begins there.
    const within = this.#samples.findIndex((sample) => at - sample.at <= WINDOW)
    if (within > 1) this.#samples.splice(0, within - 1)
    else if (within < 0) this.#samples.splice(0, this.#samples.length - 1)
    const [first] = this.#samples
    const last = this.#samples[this.#samples.length - 1]
    // Who asks often does not make the list long.
    if (at - last.at >= WINDOW / 20) this.#samples.push({ at, count })
    return at > first.at ? (1000 * (count - first.count)) / (at - first.at) : 0
  }
}

/** Streams that end like this were ended by their clients. */
const LEFT = ['cancelled', 'stalled', 'client_closed']
