import { pacer } from '../../platform/pacer.js'
import type { KvType, MemoryRecord, SequenceMemory, Span } from '../memory.js'
import type { Messages } from './channel.js'
import type { MemoryNotice, MemoryRequests, MemoryState } from './messages.js'

/** What a remote memory needs from its executable. */
export interface RemoteMemoryHost {
  readonly channel: Messages
  readonly canShift: boolean
  /** A memory with a new number, not known to the other side yet. */
  adopt(type: KvType): RemoteMemory
  forget(memory: RemoteMemory): void
}

const EMPTY: MemoryState = { length: 0, bytes: 0, reach: [[0, 0]] }

/** A memory on the other side of a channel. Its properties are those that the other side reported last. */
export class RemoteMemory implements SequenceMemory {
  readonly type: KvType
  readonly number: number
  readonly #host: RemoteMemoryHost
  #state = EMPTY

  constructor(host: RemoteMemoryHost, number: number, type: KvType) {
    this.#host = host
    this.number = number
    this.type = type
  }

  get length(): number {
    return this.#state.length
  }

  get bytes(): number {
    return this.#state.bytes
  }

  get reach(): readonly Span[] {
    return this.#state.reach
  }

  get canShift(): boolean {
    return this.#host.canShift
  }

  /** Called with a state that the other side has reported. */
  update({ length, bytes, reach }: MemoryState): void {
    this.#state = { length, bytes, reach }
  }

  /** Called when a batch has appended rows. The new reach is reported soon after. */
  grow(rows: number): void {
    const { bytes, reach } = this.#state
    const length = this.length + rows
    const [from, to] = reach[reach.length - 1]
    const last: Span[] =
      to === this.length
        ? [[from, length]]
        : [
            [from, to],
            [length, length],
          ]
    this.#state = { length, bytes, reach: [...reach.slice(0, -1), ...last] }
  }

  truncate(to: number): Promise<number> {
    return this.#request('truncate', { to })
  }

  hold(): void {
    this.#notify('hold')
  }

  release(): void {
    this.#notify('release')
  }

  shift(keep: number, count: number): Promise<void> {
    return this.#request('shift', { keep, count })
  }

  async fork(): Promise<SequenceMemory> {
    const fork = this.#host.adopt(this.type)
    try {
      await this.#request('fork', { fork: fork.number })
      return fork
    } catch (error) {
      this.#host.forget(fork)
      throw error
    }
  }

  copyFrom(other: SequenceMemory): Promise<void> {
    return this.#request('copyFrom', { other: (other as RemoteMemory).number })
  }

  save(): Promise<MemoryRecord[]> {
    return this.#request('save', {})
  }

  async restore(records: readonly MemoryRecord[], of: { length: number; promptEnd?: number }): Promise<void> {
    // The caller keeps its records. Posting them would copy them twice, each with its whole buffer.
    const copies: MemoryRecord[] = []
    for (const { kind, first, bytes } of records) {
      copies.push({ kind, first, bytes: new Uint8Array(bytes) })
      await pacer.yieldIfDue()
    }
    await this.#request(
      'restore',
      { records: copies, of },
      copies.map(({ bytes }) => bytes.buffer as ArrayBuffer),
    )
  }

  dispose(): void {
    this.#state = EMPTY
    this.#notify('dispose')
    this.#host.forget(this)
  }

  #request<N extends keyof MemoryRequests, T>(
    name: N,
    body: MemoryRequests[N],
    transfer?: readonly Transferable[],
  ): Promise<T> {
    return this.#host.channel.request(`memory.${name}`, { ...body, memory: this.number }, { transfer })
  }

  #notify(name: 'hold' | 'release' | 'dispose'): void {
    this.#host.channel.notify(`memory.${name}`, { memory: this.number } satisfies MemoryNotice)
  }
}
