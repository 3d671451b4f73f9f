import type { Batch, Phase } from '../batch.js'
import type { Executable } from '../executable.js'
import type { KvType, MemoryRecord, SequenceMemory } from '../memory.js'

/** Before the names of messages about a draft head. */
export const DRAFT_HEAD = 'draftHead.'

/** The properties of an executable that change. */
export type ExecutableState = Pick<Executable, 'bytesInUse' | 'threads'>

/** An executable as plain data. */
export type ExecutableDescription = ExecutableState &
  Pick<
    Executable,
    | 'vocabSize'
    | 'embeddingLength'
    | 'memories'
    | 'isEncoder'
    | 'pooledWidth'
    | 'stateLength'
    | 'canShift'
    | 'memoryLimit'
    | 'kernels'
  > & { readonly draftHead: ExecutableDescription | undefined }

/** The properties of a memory that change. */
export type MemoryState = Pick<SequenceMemory, 'length' | 'bytes' | 'reach'>

/**
 * Notice `executable.state` to the caller's side, sent before the reply or error of each request that may have changed it.
 * A state is read and sent synchronously, so states arrive in order.
 */
export interface StateNotice {
  readonly executable: ExecutableState
  readonly memories: readonly (MemoryState & { readonly memory: number })[]
}

/** Notice `memory.create`. The caller's side chooses the numbers of memories, and never reuses one. */
export interface CreateNotice {
  readonly memory: number
  readonly type: KvType
  readonly retain: number
}

/** Notices `memory.hold`, `memory.release` and `memory.dispose`. */
export interface MemoryNotice {
  readonly memory: number
}

/** Bodies of requests `memory.<name>`, in addition to the memory's number. Replies are as in `SequenceMemory`. */
export interface MemoryRequests {
  truncate: { readonly to: number }
  shift: { readonly keep: number; readonly count: number }
  /** The number of the new memory. The reply is empty. */
  fork: { readonly fork: number }
  copyFrom: { readonly other: number }
  save: object
  restore: { readonly records: readonly MemoryRecord[]; readonly of: RestoreOptions }
}

type RestoreOptions = Parameters<SequenceMemory['restore']>[1]

/**
 * Request `executable.run`: a batch. Its events are `OutputGroup`s, its reply the milliseconds spent computing. Once all
 * outputs have been taken, with a notice for each group, the batch cannot fail any more, so the caller need not wait for the
 * reply.
 */
export interface RunRequest {
  /** Its number, chosen by the caller's side. */
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
  readonly want: Batch['want']
  readonly states: Float32Array | undefined
}

/**
 * Request `executable.text`: a whole text. Events and reply are those of `executable.run`, and `run` is numbered with the
 * batches.
 */
export interface TextRequest {
  readonly run: number
  readonly ids: Int32Array
  readonly outputs: readonly number[]
}

/** Request `executable.pooledHead`, answered with the results as f32[count][pooledWidth]. */
export interface PooledHeadRequest {
  readonly vectors: Float32Array
}

/** The results of some output rows. */
export interface OutputGroup {
  readonly rows: readonly number[]
  /** f32[rows][width], possibly followed by unused bytes. */
  readonly buffer: ArrayBuffer
  /** Values per row. */
  readonly width: number
  /** Milliseconds spent computing before it was sent. */
  readonly ms: number
  /** With the last group, the state before the memories grow. */
  readonly state: StateNotice | undefined
}

/** Notice `executable.taken`: a group has been taken; its buffer is returned for reuse. */
export interface TakenNotice {
  readonly run: number
  readonly buffer: ArrayBuffer
}
