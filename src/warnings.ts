import { checkFunction } from './checks.js'

/** What a warning is about, for programs to branch on. */
export type WarningCode =
  /** Worker threads could not be started; the model runs on one thread. */
  | 'FEWER_THREADS'
  /** The engine's Worker could not be started; the engine runs in the thread that loads the model. */
  | 'NO_WORKER'
  /** The runtime's relaxed SIMD gives wrong results; the model runs on the slower baseline kernels. */
  | 'BASELINE_KERNELS'
  /** A session or chat was garbage-collected without `dispose()`. Its memory was freed later than necessary. */
  | 'NOT_DISPOSED'
  /** The schema of a tool cannot be enforced: its arguments may be any object. */
  | 'TOOL_UNCONSTRAINED'
  /** A value of the file's metadata cannot be used; a default replaces it. */
  | 'METADATA_IGNORED'
  /** Memory does not suffice for all weights: lookup tables stay in the file and are read a row at a time. */
  | 'TABLES_IN_FILE'
  /** The model was read, but its source could not be closed. */
  | 'SOURCE_NOT_CLOSED'
  /** There is nowhere to keep a model: it is read from the server each time. */
  | 'NO_STORE'
  /** A stored model has been damaged or is incomplete; it is downloaded again. */
  | 'STORED_FILE_DAMAGED'
  /** Another tab or process is downloading the model; this one waits for it. */
  | 'WAITING_FOR_DOWNLOAD'
  /** A draft model has failed; texts are generated without it. */
  | 'NO_DRAFT'
  /** The server could not be asked for another version; the stored model is used. */
  | 'NOT_UPDATED'

/** A problem that does not stop the call, such as a slower fallback. */
export interface Warning {
  /** For programs to branch on. */
  readonly code: WarningCode
  /** What happened, naming the file, option or session. */
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
}

/** If it throws while a model is loaded, the call rejects with that error. */
export type WarningListener = (warning: Warning) => void

/** Throws `INVALID_ARGUMENT` for an `onWarning` that is not a function. */
export function checkOnWarning(onWarning: unknown): void {
  checkFunction('onWarning', onWarning)
}
