import type { Batch, TakeOutput } from './batch.js'
import type { KvType, MemorySpec, SequenceMemory } from './memory.js'

/** A program with its weights in an engine's memory, ready to run: the only way to an engine. */
export interface Executable {
  readonly vocabSize: number
  readonly embeddingLength: number
  /** What its layers remember of a sequence. */
  readonly memories: readonly MemorySpec[]
  /** Whether its memories can be shifted. */
  readonly canShift: boolean
  /** Bytes of the engine's memory in use: weights, scratch and the memories of all sequences. */
  readonly bytesInUse: number
  /** The most bytes that it may use. */
  readonly memoryLimit: number
  /** Threads that share the work. */
  readonly threads: number
  /** The build of the kernels that runs it. */
  readonly kernels: string

  /**
   * A memory for a new sequence, which takes nothing before it is used. Throws `UNSUPPORTED` for a type that the model's
   * layers cannot be held in, `DISPOSED`.
   *
   * `retain`: positions at the beginning that layers with a window hold for good, for a `shift` that keeps them. Default 0.
   */
  createMemory(type: KvType, options?: { retain?: number }): SequenceMemory

  /**
   * Appends a batch's rows to their memories and calls `take` for each output. Batches are run one after another in the
   * order of the calls. Resolves with the milliseconds that were spent computing.
   *
   * Rejects with `INVALID_ARGUMENT` for a batch that contradicts itself, before anything runs; with `OUT_OF_MEMORY`,
   * `NOT_A_NUMBER`, `THREAD_LOST`, or the reason of the batch's signal. Then no memory has grown, and the same batch may be
   * run again.
   */
  run(batch: Batch, take: TakeOutput): Promise<number>

  /** Ends its threads and lets go of its memory. What is running rejects with `DISPOSED`. Idempotent. */
  dispose(): Promise<void>
}
