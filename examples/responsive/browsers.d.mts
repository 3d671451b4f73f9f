export interface Browser {
  readonly name: 'Chromium' | 'Firefox'
  /** The environment variable that may name its path. */
  readonly variable: string
  readonly path: string | undefined
}
/** What measure.mjs counts and times while it does `work`. */
export interface Row {
  readonly work: 'loading' | 'generating' | 'reading a prompt'
  readonly ms: number
  readonly tokens: number
  readonly timers: number
  readonly messages: number
  readonly frames: number
  readonly longestGapMs: number
  readonly longestTaskMs?: number
  readonly longestAnswerMs: number
}
export interface Measured {
  readonly threads: number
  readonly kernels: string
  readonly rows: readonly Row[]
  readonly abort: { readonly stopReason: string; readonly tokens: number }
}
export const BROWSERS: readonly Browser[]
export function measureInBrowser<K extends 'main' | 'mainWithWorker' | 'worker'>(
  browser: Browser,
  source: string,
  options: object,
  places: readonly K[],
): Promise<Record<K, Measured>>
