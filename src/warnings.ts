import { checkFunction } from './checks.js'

/** What a warning is about, for programs to branch on. */
export type WarningCode =
  /** Threads that were to share the work could not be started; the model runs on one. */
  | 'FEWER_THREADS'
  /** The Worker that the engine was to run in could not be started; it runs in the thread that loads the model. */
  | 'NO_WORKER'
  /** The runtime offers relaxed SIMD but computes it wrongly; the model runs on the slower baseline kernels. */
  | 'BASELINE_KERNELS'
  /** A session or chat was forgotten without `dispose()`. Its memory has been taken back, later than it could have been. */
  | 'NOT_DISPOSED'
  /** A value of the file's metadata cannot be used; a default stands in for it. */
  | 'METADATA_IGNORED'
  /** A model was read, but its source cannot be closed. */
  | 'SOURCE_NOT_CLOSED'

/** Something that goes on working, but not as well as it could. */
export interface Warning {
  readonly code: WarningCode
  /** What happened, naming the file, option or session. */
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
}

/** What it throws while a model is loaded rejects the call. */
export type WarningListener = (warning: Warning) => void

/** Throws `INVALID_ARGUMENT` for an `onWarning` that is not a function. */
export function checkOnWarning(onWarning: unknown): void {
  checkFunction('onWarning', onWarning)
}
