/** What every program of the bench of cold starts measures: the phases from the start of a process or page to its first token. */

/** In milliseconds, one after the other. A phase that a contestant cannot tell from the next one is absent: it is part of that. */
export interface Phases {
  /** Until the program begins: of a process, from its start; of a page, from its navigation; of a Worker, until it answers. */
  readonly start: number
  /** The library's modules. */
  readonly import?: number
  /** The kernels: WebAssembly is compiled, a native library is loaded. */
  readonly compile?: number
  /** From the model's name until the first of its weights have been read: header, plan, tokenizer, an instance of the kernels. */
  readonly open?: number
  /** Until the model can be used. */
  readonly load: number
  /** The prompt's tokens, and one that is chosen. */
  readonly token: number
}

export const PHASES = ['start', 'import', 'compile', 'open', 'load', 'token'] as const

/** A run in a fresh process or page. */
export interface Result extends Phases {
  /** `Node 24.1.0 (V8 13.6)`. */
  readonly runtime: string
}

export interface Task {
  /** The model's path, or its address in browsers. */
  readonly source: string
  /** The file of our kernels, as `source` is given. */
  readonly kernels: string
}

/** For story models and others: a few tokens. */
export const PROMPT = 'Once upon a time'

/** All contestants have the same, and one thread. */
export const CONTEXT_LENGTH = 256

/** Milliseconds since the last call; at first, since the process began or the page was requested. */
export function stopwatch(): () => number {
  let last = 0
  return () => {
    const now = performance.now()
    const ms = now - last
    last = now
    return ms
  }
}
