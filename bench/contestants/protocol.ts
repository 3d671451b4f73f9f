/** What the bench and a contestant's process say to each other. */
import type { Workload } from '../workload.js'
import type { LoadOptions } from './contestant.js'

export type Request =
  | { readonly do: 'describe' }
  | { readonly do: 'load'; readonly path: string; readonly options: LoadOptions }
  | { readonly do: 'time'; readonly kind: Workload['kind']; readonly ids: readonly number[] }
  | { readonly do: 'memory' }

export interface Loaded {
  /** Milliseconds from the file's name to a sequence that is ready for the first token. */
  readonly loadMs: number
  /** Resident bytes of the process before the engine was asked to load. */
  readonly rssBefore: number
  readonly rssLoaded: number
}

export interface Memory {
  /** Bytes for weights, caches and scratch as the engine counts them. */
  readonly engineBytes: number | undefined
  /** Resident bytes of the process now. */
  readonly rss: number
}

export interface Replies {
  readonly describe: Readonly<Record<string, string>>
  readonly load: Loaded
  /** Milliseconds. */
  readonly time: number
  readonly memory: Memory
}

export type Answer = { readonly value: Replies[keyof Replies] } | { readonly error: string }
