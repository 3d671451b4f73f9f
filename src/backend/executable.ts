import type { Batch, TakeOutput } from './batch.js'
import type { KvType, MemorySpec, SequenceMemory } from './memory.js'
import type { Text } from './text.js'

/** A program with its weights in an engine's memory, ready to run: the only interface to an engine. */
export interface Executable {
  readonly vocabSize: number
  readonly embeddingLength: number
  /** What its layers store of a sequence. */
  readonly memories: readonly MemorySpec[]
  /** Whether it runs whole texts (`runText`), with attention in both directions, instead of batches (`run`). */
  readonly isEncoder: boolean
  /** Values per vector after `runPooledHead`; `undefined` if nothing follows pooling. */
  readonly pooledWidth: number | undefined
  /** Values of the hidden state that each row of its batches needs: `embeddingLength` for a draft head, otherwise 0. */
  readonly stateLength: number
  /** What guesses further tokens, if it has been loaded: its batches have `states`. It is disposed with this. */
  readonly draftHead: Executable | undefined
  /** Whether its memories can be shifted. */
  readonly canShift: boolean
  /** Bytes of the engine's memory in use: weights, scratch and the memories of all sequences. */
  readonly bytesInUse: number
  /** Limit of `bytesInUse`. */
  readonly memoryLimit: number
  /** Number of threads. */
  readonly threads: number
  /** The build of the kernels that runs it. */
  readonly kernels: string

  /**
   * Creates the memory of a new sequence, which allocates nothing before it is used. Throws `UNSUPPORTED` for a cache type
   * that does not fit the model's heads, or `DISPOSED`.
   *
   * `retain`: positions at the beginning that layers with a window never free, for a `shift` that keeps them. Default 0.
   */
  createMemory(type: KvType, options?: { retain?: number }): SequenceMemory

  /** Upper bound of the bytes that a sequence of so many positions takes, with what its draft head remembers. */
  sequenceBytes(positions: number, type: KvType): number

  /**
   * Appends a batch's rows to their memories and calls `take` for each output. Batches run one after another in the order
   * of the calls. Resolves with the milliseconds spent computing.
   *
   * Rejects with `INVALID_ARGUMENT` for an inconsistent batch, before anything runs; with `OUT_OF_MEMORY`, `NOT_A_NUMBER`,
   * `THREAD_LOST`, or the reason of the batch's signal. Then no memory has grown, and the same batch can be run again.
   */
  run(batch: Batch, take: TakeOutput): Promise<number>

  /**
   * Runs a whole text through an encoder and calls `take` with the hidden state of each output position, in order. Texts run
   * one after another, in the order of the calls. Resolves with the milliseconds spent computing.
   *
   * A text's memory, for one layer, is allocated before it starts and freed when it ends. A position's bits depend on the
   * text alone. Rejects with `INVALID_ARGUMENT` for an inconsistent text or a causal model, `OUT_OF_MEMORY`, `NOT_A_NUMBER`,
   * `THREAD_LOST`, `DISPOSED`, or the reason of the text's signal.
   */
  runText(text: Text, take: TakeOutput): Promise<number>

  /**
   * What follows pooling: f32[count][embeddingLength], pooled hidden states, become f32[count][pooledWidth]. Rejects with
   * `INVALID_ARGUMENT` for a model without it.
   */
  runPooledHead(vectors: Float32Array, signal?: AbortSignal): Promise<Float32Array>

  /** Ends its threads and releases its memory. A running batch rejects with `DISPOSED`. Idempotent. */
  dispose(): Promise<void>
}
