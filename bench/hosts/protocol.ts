/** Messages between the benchmark and a contestant's host. */
import type { BatchedOptions, LoadOptions } from '../contestants/contestant.js'
import type { Workload } from '../workload.js'

export type Request =
  | { readonly do: 'describe' }
  | { readonly do: 'load'; readonly source: string; readonly options: LoadOptions }
  | TimeRequest
  | { readonly do: 'memory' }
  | { readonly do: 'loadBatched'; readonly source: string; readonly options: BatchedOptions }
  /** Decodes these from empty sequences. A step is an id for each of the first sequences. */
  | { readonly do: 'timeBatched'; readonly steps: readonly (readonly number[])[] }
  | { readonly do: 'digest'; readonly steps: readonly (readonly number[])[] }

export interface TimeRequest {
  readonly do: 'time'
  readonly kind: Workload['kind']
  readonly ids: readonly number[]
  /** Ids in the sequence before; evaluated, untimed, unless they are cached. Default: none. */
  readonly before?: readonly number[]
}

export interface Description {
  /** `Node 24.1.0 (V8 13.6)`, `Chromium 156.0`. */
  readonly runtime: string
  readonly versions: Readonly<Record<string, string>>
}

export interface Loaded {
  /** Milliseconds from the file's name to a sequence that is ready for the first token. */
  readonly loadMs: number
  /** Resident bytes of the process before loading, if the process can report them. */
  readonly rssBefore?: number
  readonly rssLoaded?: number
}

export interface Memory {
  /** Bytes for weights, caches and scratch as the engine counts them. */
  readonly engineBytes?: number
  /** Resident bytes of the process now. */
  readonly rss?: number
}

export interface Replies {
  readonly describe: Description
  readonly load: Loaded
  /** Milliseconds. */
  readonly time: number
  readonly memory: Memory
  readonly loadBatched: Loaded
  /** Milliseconds. */
  readonly timeBatched: number
  /** A digest of each sequence's logits after all steps; empty where they cannot be read. */
  readonly digest: readonly string[]
}

export type Answer = { readonly value: Replies[keyof Replies] } | { readonly error: string }
