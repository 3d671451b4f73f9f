import { DasllamaError } from '../../errors.js'
import type { Executable } from '../executable.js'
import type { SequenceMemory } from '../memory.js'
import { type Channel, Transfer } from './channel.js'
import type {
  CreateNotice,
  ExecutableDescription,
  MemoryNotice,
  MemoryRequests,
  RunRequest,
  StateNotice,
  TakenNotice,
} from './messages.js'
import { OutputSender } from './output-sender.js'

/** What `RemoteExecutable` on the other side is constructed with. */
export function describeExecutable(executable: Executable): ExecutableDescription {
  const { vocabSize, embeddingLength, memories, canShift, memoryLimit, kernels } = executable
  const { bytesInUse, threads } = executable
  return { vocabSize, embeddingLength, memories, canShift, memoryLimit, kernels, bytesInUse, threads }
}

/** Runs what a `RemoteExecutable` on the other side of a channel asks for. Once per channel. */
export function serveExecutable(channel: Channel, executable: Executable): void {
  new ExecutableServer(channel, executable)
}

/** A memory that the other side knows by its number. */
interface Entry {
  readonly number: number
  readonly memory: SequenceMemory
  /** Settles when the request on it that is being handled has been. */
  running: Promise<void> | undefined
  isDisposed: boolean
}

class ExecutableServer {
  readonly #channel: Channel
  readonly #executable: Executable
  readonly #entries = new Map<number, Entry>()
  /** Why memories could not be created: the first request on one reports it. */
  readonly #failures = new Map<number, unknown>()
  readonly #runs = new Map<number, OutputSender>()
  /** Buffers for outputs that have come back. */
  readonly #spare: ArrayBuffer[] = []

  constructor(channel: Channel, executable: Executable) {
    this.#channel = channel
    this.#executable = executable
    this.#answerMemories()
    channel.handle('executable.run', (request: RunRequest, { signal, emit }) =>
      this.#run(request, signal, emit),
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
    { run, ids, positions, runs, outputs, want }: RunRequest,
    signal: AbortSignal,
    emit: (body: unknown, transfer: readonly Transferable[]) => void,
  ): Promise<number> {
    const numbers = runs.map(({ memory }) => memory)
    return this.#use(numbers, async (memories, entries) => {
      const sender = new OutputSender({
        outputs: outputs.length,
        send: (group) => emit(group, [group.buffer]),
        state: () => this.#stateOf(entries),
        spare: this.#spare,
        signal,
      })
      this.#runs.set(run, sender)
      const batch = {
        ids,
        positions,
        runs: runs.map((each, index) => ({ ...each, memory: memories[index] })),
        outputs,
        want,
        signal,
      }
      try {
        return await this.#executable.run(batch, (...output) => sender.take(...output))
      } finally {
        this.#runs.delete(run)
      }
    })
  }

  /**
   * Does work on memories, and reports their states when it has ended. One that is disposed meanwhile gives back what it
   * holds only then: a pass that has been aborted writes to its pages until it is the event loop's turn.
   */
  async #use<T>(
    numbers: readonly number[],
    work: (memories: readonly SequenceMemory[], entries: readonly Entry[]) => Promise<T>,
  ): Promise<T> {
    const entries = numbers.map((number) => this.#entryOf(number))
    // The other side goes on when it has taken the last output of a batch, which has not quite ended here.
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
