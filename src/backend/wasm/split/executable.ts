import { DasllamaError } from '../../../errors.js'
import { type Batch, checkBatch, type TakeOutput } from '../../batch.js'
import type { Executable } from '../../executable.js'
import { FairQueue } from '../../fair-queue.js'
import type { KvType, MemorySpec, SequenceMemory } from '../../memory.js'
import type { Program } from '../../program.js'
import { checkPooled, wrongKind } from '../../text.js'
import type { Engine } from '../engine.js'
import type { WasmExecutable } from '../executable.js'
import { checkKvType } from '../kv-layout.js'
import { SplitMemory, type SplitMemoryHost } from './memory.js'

/** A part of a program in its engine, and which of the program's memories it has. */
export interface LoadedStage {
  readonly executable: WasmExecutable
  readonly memories: readonly number[]
}

/**
 * A program whose layers are in several WebAssembly memories, each with its own instance of the kernels and threads. A batch
 * goes through the stages one after another, and the rows' state is copied from one memory to the next. Every operation is
 * that of the undivided program, so all bits are too.
 */
export class SplitExecutable implements Executable {
  readonly vocabSize: number
  readonly embeddingLength: number
  readonly memories: readonly MemorySpec[]
  readonly isEncoder = false
  readonly stateLength = 0
  readonly draftHead = undefined
  readonly memoryLimit: number
  readonly kernels: string
  readonly #engines: readonly Engine[]
  readonly #stages: readonly WasmExecutable[]
  readonly #last: WasmExecutable
  readonly #host: SplitMemoryHost
  readonly #owned = new Set<SequenceMemory>()
  readonly #queue = new FairQueue()
  #ended: Promise<void> | undefined

  /** `stages` in the order in which they run; the last one ends the program. `engines`: one per memory. */
  constructor(program: Program, stages: readonly LoadedStage[], engines: readonly Engine[]) {
    this.vocabSize = program.vocabSize
    this.embeddingLength = program.embeddingLength
    this.memories = program.memories
    this.#engines = engines
    this.#stages = stages.map(({ executable }) => executable)
    this.#last = this.#stages[stages.length - 1]
    this.kernels = this.#last.kernels
    this.memoryLimit = engines.reduce((sum, { arena }) => sum + arena.limit, 0)
    this.#host = {
      memories: stages.map(({ memories }) => memories),
      create: (type, retain) => this.#stages.map((stage) => stage.createMemory(type, { retain })),
      exclusively: (work) => this.#queue.run(work),
      adopt: (memory) => void this.#owned.add(memory),
      forget: (memory) => void this.#owned.delete(memory),
    }
  }

  get pooledWidth(): number | undefined {
    return this.#last.pooledWidth
  }

  get canShift(): boolean {
    return this.#stages.every(({ canShift }) => canShift)
  }

  /** Whether lookup tables are in the file, which stays open until `dispose`. */
  get readsFile(): boolean {
    return this.#stages.some(({ readsFile }) => readsFile)
  }

  get bytesInUse(): number {
    return this.#ended ? 0 : this.#engines.reduce((sum, { arena }) => sum + arena.bytesInUse, 0)
  }

  get threads(): number {
    return this.#ended ? 0 : Math.max(...this.#engines.map(({ pool }) => pool.size))
  }

  sequenceBytes(positions: number, type: KvType): number {
    return this.#stages.reduce((sum, stage) => sum + stage.sequenceBytes(positions, type), 0)
  }

  createMemory(type: KvType, { retain = 0 }: { retain?: number } = {}): SequenceMemory {
    this.#assertOpen()
    checkKvType(type, this.memories)
    const memory = new SplitMemory(this.#host, type, retain)
    this.#host.adopt(memory)
    return memory
  }

  run(batch: Batch, take: TakeOutput): Promise<number> {
    return this.#queue.run(async () => {
      this.#assertOpen()
      const check = () => checkBatch(batch, this, (memory) => this.#owned.has(memory))
      check()
      if (this.readsFile) {
        for (const stage of this.#stages) await stage.readRows(batch)
        check()
      }
      const batches = this.#stages.map((_, stage) => ({
        ...batch,
        runs: batch.runs.map((run) => ({ ...run, memory: (run.memory as SplitMemory).parts[stage] })),
      }))
      try {
        // All begin before the first one runs: none has to run in vain if a later one has too little memory.
        const passes = this.#stages.map((stage, index) => stage.begin(batches[index]))
        let ms = 0
        for (const [index, stage] of this.#stages.entries()) {
          if (index > 0) cross(this.#stages[index - 1], stage, batch.ids.length)
          ms += await stage.runSteps(passes[index], batch.signal)
          this.#assertOpen()
          batch.signal?.throwIfAborted()
        }
        ms = await this.#last.takeOutputs(batch, take, ms)
        for (const [index, stage] of this.#stages.entries()) stage.commit(batches[index])
        return ms
      } catch (error) {
        for (const [index, stage] of this.#stages.entries()) stage.rollBack(batches[index])
        throw error
      }
    }, batch.signal)
  }

  async runText(): Promise<never> {
    this.#assertOpen()
    throw wrongKind(false)
  }

  runPooledHead(vectors: Float32Array, signal?: AbortSignal): Promise<Float32Array> {
    return this.#queue.run(async () => {
      this.#assertOpen()
      checkPooled(vectors, this)
      return this.#last.runPooledHead(vectors, signal)
    }, signal)
  }

  dispose(): Promise<void> {
    this.#ended ??= Promise.all(this.#stages.map((stage) => stage.dispose())).then(() => {})
    return this.#ended
  }

  #assertOpen(): void {
    if (this.#ended) throw new DasllamaError('DISPOSED', 'the model has been disposed')
  }
}

/** Copies what the rows of a batch carry from one stage to the next. */
function cross(from: WasmExecutable, to: WasmExecutable, rows: number): void {
  const values = from.boundaryValues('outputs', rows)
  for (const [index, target] of to.boundaryValues('inputs', rows).entries()) target.set(values[index])
}
