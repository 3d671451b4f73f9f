import { DasllamaError } from '../../errors.js'
import { type Batch, checkBatch, type TakeOutput } from '../batch.js'
import type { Executable } from '../executable.js'
import { FairQueue } from '../fair-queue.js'
import type { KvType, MemorySpec, SequenceMemory } from '../memory.js'
import { checkPooled, checkText, type Text, wrongKind } from '../text.js'
import { checkKvType, sequenceBytes } from '../wasm/kv-layout.js'
import type { Messages } from './channel.js'
import {
  type CreateNotice,
  DRAFT_HEAD,
  type ExecutableDescription,
  type ExecutableState,
  type PooledHeadRequest,
  type RunRequest,
  type StateNotice,
  type TextRequest,
} from './messages.js'
import { RemoteMemory, type RemoteMemoryHost } from './remote-memory.js'
import { takeOutputs } from './take-outputs.js'

export interface RemoteExecutableOptions {
  /** Terminates the other side. Resolves when it has ended. */
  readonly end: () => Promise<void>
}

/**
 * An executable on the other side of a channel (`serveExecutable`). When the channel is closed, all calls reject with the
 * error of `close`, and the executable and its memories keep their last known state.
 */
export class RemoteExecutable implements Executable {
  readonly vocabSize: number
  readonly embeddingLength: number
  readonly memories: readonly MemorySpec[]
  readonly isEncoder: boolean
  readonly pooledWidth: number | undefined
  readonly stateLength: number
  readonly draftHead: RemoteExecutable | undefined
  readonly canShift: boolean
  readonly memoryLimit: number
  readonly kernels: string
  readonly #channel: Messages
  readonly #host: RemoteMemoryHost
  readonly #end: () => Promise<void>
  readonly #owned = new Map<number, RemoteMemory>()
  /** A batch is checked when its turn comes, and then sent at once. */
  readonly #queue = new FairQueue()
  #state: ExecutableState
  #nextMemory = 1
  #nextRun = 1
  #ended: Promise<void> | undefined

  constructor(channel: Messages, description: ExecutableDescription, { end }: RemoteExecutableOptions) {
    const { vocabSize, embeddingLength, memories, isEncoder, pooledWidth, stateLength } = description
    const { canShift, memoryLimit, kernels, draftHead } = description
    this.vocabSize = vocabSize
    this.embeddingLength = embeddingLength
    this.memories = memories
    this.isEncoder = isEncoder
    this.pooledWidth = pooledWidth
    this.stateLength = stateLength
    // It ends with this one.
    const head = { end: async () => {} }
    this.draftHead = draftHead && new RemoteExecutable(channel.named(DRAFT_HEAD), draftHead, head)
    this.canShift = canShift
    this.memoryLimit = memoryLimit
    this.kernels = kernels
    this.#state = description
    this.#channel = channel
    this.#end = end
    this.#host = {
      channel,
      canShift,
      adopt: (type) => this.#adopt(type),
      forget: ({ number }) => void this.#owned.delete(number),
    }
    RemoteExecutable.#follow(channel, new WeakRef(this))
  }

  /**
   * The channel lives as long as its thread, and must not keep an unreferenced model alive. So the listener is not created in
   * the constructor: the closures of one function share what they capture, `this` included.
   */
  static #follow(channel: Messages, weak: WeakRef<RemoteExecutable>): void {
    channel.listen('executable.state', (notice: StateNotice) => {
      const executable = weak.deref()
      if (executable) executable.#update(notice)
    })
  }

  sequenceBytes(positions: number, type: KvType): number {
    const own = sequenceBytes(this.memories, positions, type)
    return own + (this.draftHead?.sequenceBytes(positions, type) ?? 0)
  }

  get bytesInUse(): number {
    return this.#ended ? 0 : this.#state.bytesInUse
  }

  get threads(): number {
    return this.#ended ? 0 : this.#state.threads
  }

  createMemory(type: KvType, { retain = 0 }: { retain?: number } = {}): SequenceMemory {
    this.#assertOpen()
    checkKvType(type, this.memories)
    const memory = this.#adopt(type)
    this.#channel.notify('memory.create', { memory: memory.number, type, retain } satisfies CreateNotice)
    return memory
  }

  run(batch: Batch, take: TakeOutput): Promise<number> {
    return this.#queue.run(async () => {
      this.#assertOpen()
      if (this.isEncoder) throw wrongKind(true)
      const owns = (memory: SequenceMemory) => this.#owned.get((memory as RemoteMemory).number) === memory
      checkBatch(batch, this, owns)
      return this.#run(batch, take)
    }, batch.signal)
  }

  runText(text: Text, take: TakeOutput): Promise<number> {
    return this.#queue.run(async () => {
      this.#assertOpen()
      if (!this.isEncoder) throw wrongKind(false)
      checkText(text, this.vocabSize)
      const { ids, outputs, signal } = text
      const request: TextRequest = { run: this.#nextRun++, ids: Int32Array.from(ids), outputs: [...outputs] }
      const options = { run: request.run, take, signal }
      return takeOutputs(this.#channel, { name: 'executable.text', request }, options, (state) => {
        if (state) this.#update(state)
      })
    }, text.signal)
  }

  runPooledHead(vectors: Float32Array, signal?: AbortSignal): Promise<Float32Array> {
    return this.#queue.run(async () => {
      this.#assertOpen()
      checkPooled(vectors, this)
      const request: PooledHeadRequest = { vectors: vectors.slice() }
      return this.#channel.request<Float32Array>('executable.pooledHead', request, { signal })
    }, signal)
  }

  dispose(): Promise<void> {
    this.#ended ??= this.#dispose()
    return this.#ended
  }

  #run(batch: Batch, take: TakeOutput): Promise<number> {
    const request: RunRequest = {
      run: this.#nextRun++,
      ids: Int32Array.from(batch.ids),
      positions: Int32Array.from(batch.positions),
      runs: batch.runs.map(({ memory, firstRow, rows, phase }) => {
        return { memory: (memory as RemoteMemory).number, firstRow, rows, phase }
      }),
      outputs: [...batch.outputs],
      want: batch.want,
      states: batch.states,
    }
    const options = { run: request.run, take, signal: batch.signal }
    return takeOutputs(this.#channel, { name: 'executable.run', request }, options, (state) => {
      if (state) this.#update(state)
      else for (const { memory, rows } of request.runs) this.#owned.get(memory)?.grow(rows)
    })
  }

  async #dispose(): Promise<void> {
    this.#channel.notify('executable.dispose', undefined)
    this.#channel.close(disposed())
    await this.#end()
  }

  #update({ executable, memories }: StateNotice): void {
    this.#state = executable
    for (const state of memories) this.#owned.get(state.memory)?.update(state)
  }

  #adopt(type: KvType): RemoteMemory {
    const memory = new RemoteMemory(this.#host, this.#nextMemory++, type)
    this.#owned.set(memory.number, memory)
    return memory
  }

  #assertOpen(): void {
    if (this.#ended) throw disposed()
    this.#channel.assertOpen()
  }
}

function disposed(): DasllamaError {
  return new DasllamaError('DISPOSED', 'the model has been disposed')
}
