/** The server's `GET /status`, of which any member may be missing. */

export interface ModelStatus {
  readonly name: string
  readonly state: string
  readonly memory: number | undefined
  readonly context: number | undefined
  /** Seconds since its last request. */
  readonly lastUsed: number | undefined
}

export interface SlotStatus {
  readonly id: string
  readonly isProcessing: boolean
  readonly state: string
  readonly model: string
  readonly promptTokens: number | undefined
  readonly cachedTokens: number | undefined
  readonly decoded: number | undefined
  readonly tokensPerSecond: number | undefined
  readonly milliseconds: number | undefined
}

export interface ServerStatus {
  readonly version: string
  readonly uptime: number | undefined
  readonly models: readonly ModelStatus[]
  readonly slots: readonly SlotStatus[]
  readonly queue: Figures<'waiting' | 'max_waiting' | 'running' | 'max_running'>
  readonly totals: Figures<
    | 'requests'
    | 'errors'
    | 'prompt_tokens'
    | 'cached_tokens'
    | 'completion_tokens'
    | 'drafted_tokens'
    | 'accepted_tokens'
  >
  readonly rates: Figures<'prompt_tokens_per_second' | 'completion_tokens_per_second' | 'average_batch_size'>
}

/** Numbers by name. */
export type Figures<Name extends string> = Readonly<Partial<Record<Name, number>>>

/** Reads a status of any shape. Throws for what is not an object. */
export function readStatus(json: unknown): ServerStatus {
  if (typeof json !== 'object' || json === null) throw new Error('the status is not an object')
  const status = json as Record<string, unknown>
  return {
    version: textOf(status.version),
    uptime: numberOf(status.uptime_s),
    models: records(status.models).map((model) => ({
      name: textOf(model.name),
      state: textOf(model.state),
      memory: numberOf(model.memory_bytes),
      context: numberOf(model.context_length),
      lastUsed: numberOf(model.last_used_s),
    })),
    slots: records(status.slots).map((slot) => ({
      id: textOf(slot.id),
      isProcessing: slot.is_processing === true,
      state: textOf(slot.state),
      model: textOf(slot.model),
      promptTokens: numberOf(slot.n_prompt_tokens),
      cachedTokens: numberOf(slot.n_cached_tokens),
      decoded: numberOf(slot.n_decoded),
      tokensPerSecond: numberOf(slot.tokens_per_second),
      milliseconds: numberOf(slot.since_ms),
    })),
    queue: figures(status.queue),
    totals: figures(status.totals),
    rates: figures(status.rates),
  }
}

function records(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'object' && each !== null) : []
}

function figures(value: unknown): Record<string, number> {
  const entries = Object.entries(typeof value === 'object' && value !== null ? value : {})
  return Object.fromEntries(entries.filter(([, each]) => numberOf(each) !== undefined))
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
