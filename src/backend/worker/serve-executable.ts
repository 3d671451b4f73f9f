import { DasllamaError } from '../../errors.js'
import type { TakeOutput } from '../batch.js'
import type { Executable } from '../executable.js'
import type { SequenceMemory } from '../memory.js'
import { type Messages, Transfer } from './channel.js'
import {
  type CreateNotice,
  DRAFT_HEAD,
  type ExecutableDescription,
  type MemoryNotice,
  type MemoryRequests,
  type PooledHeadRequest,
  type RunRequest,
  type StateNotice,
  type TakenNotice,
  type TextRequest,
} from './messages.js'
import { OutputSender } from './output-sender.js'

/** The description with which the other side constructs a `RemoteExecutable`. */
export function describeExecutable(executable: Executable): ExecutableDescription {
  const { vocabSize, embeddingLength, memories, isEncoder, pooledWidth, stateLength } = executable
  const { canShift, memoryLimit, kernels } = executable
  const { bytesInUse, threads, draftHead: head } = executable
  const model = { vocabSize, embeddingLength, memories, isEncoder, pooledWidth, stateLength }
  const draftHead = head && describeExecutable(head)
  return { ...model, canShift, memoryLimit, kernels, bytesInUse, threads, draftHead }
}

/** Serves the requests of a `RemoteExecutable` on the other side of a channel. Once per channel. */
export function serveExecutable(channel: Messages, executable: Executable): void {
  new ExecutableServer(channel, executable)
  const { draftHead } = executable
  if (draftHead) new ExecutableServer(channel.named(DRAFT_HEAD), draftHead)
}

type Emit = (body: unknown, transfer: readonly Transferable[]) => void

/** A memory and its number on the channel. */
interface Entry {
  readonly number: number
  readonly memory: SequenceMemory
  /** Settles when the current request on it has been handled. */
  running: Promise<void> | undefined
  isDisposed: boolean
}

class ExecutableServer {
  readonly #channel: Messages
  readonly #executable: Executable
  readonly #entries = new Map<number, Entry>()
  /** Errors of memories that could not be created; requests on them report these. */
  readonly #failures = new Map<number, unknown>()
  readonly #runs = new Map<number, OutputSender>()
  /** Returned output buffers, for reuse. */
  readonly #spare: ArrayBuffer[] = []

  constructor(channel: Messages, executable: Executable) {
    this.#channel = channel
    this.#executable = executable
    this.#answerMemories()
    channel.handle('executable.run', (request: RunRequest, { signal, emit }) =>
      this.#run(request, signal, emit),
    )
    channel.handle('executable.text', (request: TextRequest, { signal, emit }) =>
      this.#runText(request, signal, emit),
    )
    channel.handle('executable.pooledHead', ({ vectors }: PooledHeadRequest, { signal }) =>
      executable.runPooledHead(vectors, signal),
    )
    channel.listen('executable.taken', ({ run, buffer }: TakenNotice) => {
      this.#spare.push(buffer)
      this.#runs.get(run)?.taken()
    })
    channel.listen('executable.dispose', () => void executable.dispose())
  }

  #answerMemories(): void {
    const listen = (name: string, act: (entry: Entry) => void) =>
      this.#channel.listen(`memory.${name}`, ({ memory }: MemoryNotice) => {
        const entry = this.#entries.get(memory)
        if (entry) act(entry)
      })
    this.#channel.listen('memory.create', ({ memory, type, retain }: CreateNotice) => {
      try {
        this.#add(memory, this.#executable.createMemory(type, { retain }))
      } catch (error) {
        this.#failures.set(memory, error)
      }
    })
    listen('hold', ({ memory }) => memory.hold())
    listen('release', (entry) => {
      entry.memory.release()
      if (!entry.running) this.#report([entry])
    })
    listen('dispose', (entry) => {
      this.#entries.delete(entry.number)
      entry.isDisposed = true
      if (entry.running) return
      entry.memory.dispose()
      this.#report([])
    })

    const answer = <N extends keyof MemoryRequests>(
      name: N,
      work: (memory: SequenceMemory, body: MemoryRequests[N]) => Promise<unknown>,
    ) =>
      this.#channel.handle(`memory.${name}`, (body: MemoryRequests[N] & { memory: number }) =>
        this.#use([body.memory], ([memory]) => work(memory, body)),
      )
    answer('truncate', (memory, { to }) => memory.truncate(to))
    answer('shift', (memory, { keep, count }) => memory.shift(keep, count))
    answer('fork', async (memory, { fork }) => this.#report([this.#add(fork, await memory.fork())]))
    this.#channel.handle(
      'memory.copyFrom',
      ({ memory, other }: MemoryRequests['copyFrom'] & { memory: number }) =>
        this.#use([memory, other], ([target, source]) => target.copyFrom(source)),
    )
    answer('restore', (memory, { records, of }) => memory.restore(records, of))
    answer('save', async (memory) => {
      const records = await memory.save()
      return new Transfer(
        records,
        records.map(({ bytes }) => bytes.buffer as ArrayBuffer),
      )
    })
  }

  #run(
    { run, ids, positions, runs, outputs, want, states }: RunRequest,
    signal: AbortSignal,
    emit: Emit,
  ): Promise<number> {
    const numbers = runs.map(({ memory }) => memory)
    return this.#use(numbers, async (memories, entries) => {
      const batch = {
        ids,
        positions,
        runs: runs.map((each, index) => ({ ...each, memory: memories[index] })),
        outputs,
        want,
        states,
        signal,
      }
      const sending = { run, outputs: outputs.length, entries, signal, emit }
      return this.#sendOutputs(sending, (take) => this.#executable.run(batch, take))
    })
  }

  async #runText({ run, ids, outputs }: TextRequest, signal: AbortSignal, emit: Emit): Promise<number> {
    const sending = { run, outputs: outputs.length, entries: [], signal, emit }
    try {
      return await this.#sendOutputs(sending, (take) =>
        this.#executable.runText({ ids, outputs, signal }, take),
      )
    } finally {
      this.#report([])
    }
  }

  /** Sends the outputs of `work` to the other side as they come. */
  async #sendOutputs(
    {
      run,
      outputs,
      entries,
      signal,
      emit,
    }: { run: number; outputs: number; entries: readonly Entry[]; signal: AbortSignal; emit: Emit },
    work: (take: TakeOutput) => Promise<number>,
  ): Promise<number> {
    const sender = new OutputSender({
      outputs,
      send: (group) => emit(group, [group.buffer]),
      state: () => this.#stateOf(entries),
      spare: this.#spare,
      signal,
    })
    this.#runs.set(run, sender)
    try {
      return await work((...output) => sender.take(...output))
    } finally {
      this.#runs.delete(run)
    }
  }

  /**
   * Runs work on memories, and then reports their states. A memory that is disposed meanwhile is freed only then, because an
   * aborted pass writes to its pages until its next pause.
   */
  async #use<T>(
    numbers: readonly number[],
    work: (memories: readonly SequenceMemory[], entries: readonly Entry[]) => Promise<T>,
  ): Promise<T> {
    const entries = numbers.map((number) => this.#entryOf(number))
    // The other side continues once it has taken the last output of a batch, which may not have ended here yet.
    const earlier = entries.flatMap(({ running }) => running ?? [])
    let end = () => {}
    const running = new Promise<void>((resolve) => {
      end = resolve
    })
    for (const entry of entries) entry.running = running
    try {
      if (earlier.length > 0) await Promise.all(earlier)
      const memories = entries.map(({ memory }) => memory)
      return await work(memories, entries)
    } finally {
      end()
      for (const entry of entries) {
        if (entry.running !== running) continue
        entry.running = undefined
        if (entry.isDisposed) entry.memory.dispose()
      }
      this.#report(entries)
    }
  }

  #add(number: number, memory: SequenceMemory): Entry {
    const entry = { number, memory, running: undefined, isDisposed: false }
    this.#entries.set(number, entry)
    return entry
  }

  #entryOf(number: number): Entry {
    const entry = this.#entries.get(number)
    if (entry) return entry
    if (this.#failures.has(number)) throw this.#failures.get(number)
    throw new DasllamaError('DISPOSED', 'the memory has been disposed')
  }

  #report(entries: readonly Entry[]): void {
    this.#channel.notify('executable.state', this.#stateOf(entries))
  }

  #stateOf(entries: readonly Entry[]): StateNotice {
    const { bytesInUse, threads } = this.#executable
    const memories = entries.map(({ number, memory: { length, bytes, reach } }) => {
      return { memory: number, length, bytes, reach }
    })
    return { executable: { bytesInUse, threads }, memories }
  }
}
