import type { Phase } from '../batch.js'
import type { Executable } from '../executable.js'
import type { KvType, MemoryRecord, SequenceMemory } from '../memory.js'

/** What of an executable changes. */
export type ExecutableState = Pick<Executable, 'bytesInUse' | 'threads'>

/** An executable as plain data. */
export type ExecutableDescription = ExecutableState &
  Pick<Executable, 'vocabSize' | 'embeddingLength' | 'memories' | 'canShift' | 'memoryLimit' | 'kernels'>

/** What of a memory changes. */
export type MemoryState = Pick<SequenceMemory, 'length' | 'bytes' | 'reach'>

/**
 * Notice `executable.state` to the caller's side: sent before the reply to, or the error of, whatever may have changed it.
 * A state is read and sent in one go, so they arrive in order.
 */
export interface StateNotice {
  readonly executable: ExecutableState
  readonly memories: readonly (MemoryState & { readonly memory: number })[]
}

/** Notice `memory.create`. Memories have numbers that the caller's side chooses, and never uses again. */
export interface CreateNotice {
  readonly memory: number
  readonly type: KvType
  readonly retain: number
}

/** Notices `memory.hold`, `memory.release` and `memory.dispose`. */
export interface MemoryNotice {
  readonly memory: number
}

/** Requests on one memory, as `memory.<name>`: what they carry besides its number. The replies are those of `SequenceMemory`. */
export interface MemoryRequests {
  truncate: { readonly to: number }
  shift: { readonly keep: number; readonly count: number }
  /** The number of the new memory. Replied to with nothing. */
  fork: { readonly fork: number }
  save: object
  restore: { readonly records: readonly MemoryRecord[]; readonly of: RestoreOptions }
}

type RestoreOptions = Parameters<SequenceMemory['restore']>[1]

/**
 * Request `executable.run`: a batch. Its events are `OutputGroup`s, its reply the milliseconds of computing. Whoever has taken
 * all outputs and said so need not wait for the reply: the batch cannot fail any more.
 */
export interface RunRequest {
  /** The caller's number for it. */
  readonly run: number
  readonly ids: Int32Array
  readonly positions: Int32Array
  readonly runs: readonly {
    readonly memory: number
    readonly firstRow: number
    readonly rows: number
    readonly phase: Phase
  }[]
  readonly outputs: readonly number[]
  readonly want: 'logits' | 'hidden' | undefined
}

/** The results of some output rows, one after another. */
export interface OutputGroup {
  readonly rows: readonly number[]
  /** f32[rows][width], and whatever else fits. */
  readonly buffer: ArrayBuffer
  /** Values per row. */
  readonly width: number
  /** Milliseconds of computing until it was sent. */
  readonly ms: number
  /** With the last group, the state before the memories grow. */
  readonly state: StateNotice | undefined
}

/** Notice `executable.taken`: a group has been taken; its buffer goes back to be used again. */
export interface TakenNotice {
  readonly run: number
  readonly buffer: ArrayBuffer
}
