import { type Batch, checkBatch, type Run, type TakeOutput } from '../../src/backend/batch.js'
import type { Executable } from '../../src/backend/executable.js'
import { FairQueue } from '../../src/backend/fair-queue.js'
import type { KvType, MemorySpec, SequenceMemory } from '../../src/backend/memory.js'
import { DasllamaError } from '../../src/errors.js'
import { pacer } from '../../src/platform/pacer.js'
import { type MemoryOwner, type Reach, RecurrentMemory, SPECS } from './recurrent-memory.js'
import { RecurrentNetwork, WIDTH } from './recurrent-network.js'

const WEIGHT_BYTES = 1000

export interface RecurrentOptions {
  readonly reach: Reach
  /** Default 400. */
  readonly vocab?: number
  /** Bytes; a state takes 64. Default 64 MiB. */
  readonly memoryLimit?: number
}

/** An executable in plain JavaScript, whose memories can be truncated to some lengths or to all: see `Reach`. */
export class RecurrentExecutable implements Executable, MemoryOwner {
  readonly embeddingLength = WIDTH
  readonly threads = 1
  readonly kernels = 'javascript'
  readonly vocabSize: number
  memoryLimit: number
  readonly reach: Reach
  readonly memories: readonly MemorySpec[]
  readonly open = new Set<RecurrentMemory>()
  readonly network: RecurrentNetwork
  /** Rows evaluated so far. */
  rows = 0
  isDisposed = false
  readonly #queue = new FairQueue()

  sequenceBytes(): number {
    return 64
  }

  constructor({ reach, vocab = 400, memoryLimit = 2 ** 26 }: RecurrentOptions) {
    this.reach = reach
    this.memories = SPECS[reach]
    this.vocabSize = vocab
    this.memoryLimit = memoryLimit
    this.network = new RecurrentNetwork(vocab)
  }

  get canShift(): boolean {
    return this.reach === 'kv' || this.reach === 'window'
  }

  get bytesInUse(): number {
    let bytes = WEIGHT_BYTES
    for (const memory of this.open) bytes += memory.bytes
    return bytes
  }

  readonly isEncoder = false
  readonly stateLength = 0
  readonly draftHead = undefined
  readonly pooledWidth = undefined

  runText(): Promise<number> {
    return Promise.reject(new Error('it is causal'))
  }

  runPooledHead(): Promise<Float32Array> {
    return Promise.reject(new Error('nothing follows pooling'))
  }

  createMemory(type: KvType, { retain = 0 }: { retain?: number } = {}): SequenceMemory {
    return new RecurrentMemory(this, type, retain)
  }

  run(batch: Batch, take: TakeOutput): Promise<number> {
    return this.#queue.run(async () => {
      if (this.isDisposed) throw new DasllamaError('DISPOSED', 'the executable has been disposed')
      checkBatch(batch, this, (memory) => this.open.has(memory as RecurrentMemory))
      const memories = batch.runs.map(({ memory }) => memory as RecurrentMemory)
      for (const memory of memories) memory.isRunning = true
      try {
        return await this.#run(batch, take)
      } finally {
        for (const memory of memories) memory.isRunning = false
      }
    }, batch.signal)
  }

  async dispose(): Promise<void> {
    this.isDisposed = true
    for (const memory of this.open) memory.dispose()
  }

  assertRoom(bytes: number): void {
    const { bytesInUse, memoryLimit } = this
    if (bytesInUse + bytes <= memoryLimit) return
    throw new DasllamaError(
      'OUT_OF_MEMORY',
      `a sequence needs ${bytes} bytes on top of ${bytesInUse} in use, and the limit is ${memoryLimit}`,
    )
  }

  /** Nothing is appended before everything is done. */
  async #run({ ids, runs, outputs, want = 'logits', signal }: Batch, take: TakeOutput): Promise<number> {
    this.assertRoom(runs.reduce((sum, { memory, rows }) => sum + (memory as RecurrentMemory).growth(rows), 0))
    const states: Float32Array[] = []
    for (const { memory, firstRow, rows, phase } of runs) {
      let state = (memory as RecurrentMemory).state ?? this.network.initialState()
      for (let row = firstRow; row < firstRow + rows; row++) {
        state = this.network.next(state, ids[row], phase)
        states.push(state)
        await pacer.yieldIfDue(signal)
      }
    }
    const view = new Float32Array(want === 'hidden' ? WIDTH : this.vocabSize)
    for (const row of outputs) {
      view.set(want === 'hidden' ? states[row] : this.network.logits(states[row]))
      await take(row, view, ids.length)
      view.fill(Number.NaN)
    }
    for (const run of runs) this.#append(run, states, outputs)
    this.rows += ids.length
    return ids.length
  }

  #append({ memory, firstRow, rows, phase }: Run, states: Float32Array[], outputs: readonly number[]): void {
    const isPromptEnd = outputs.includes(firstRow + rows - 1)
    const own = states.slice(firstRow, firstRow + rows)
    const appended = memory as RecurrentMemory
    appended.append(own, phase, { isPromptEnd })
  }
}
