import { DasllamaError } from '../../../errors.js'
import {
  intersection,
  type KvType,
  type MemoryRecord,
  reachableLength,
  type SequenceMemory,
  type Span,
} from '../../memory.js'

/** What a memory needs from its executable. */
export interface SplitMemoryHost {
  /** For each part, which of the program's memories are in it. */
  readonly memories: readonly (readonly number[])[]
  /** New memories of all parts. */
  create(type: KvType, retain: number): SequenceMemory[]
  /** Runs `work` while no batch is running. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
  /** Called for a new fork, and for a disposed memory. */
  adopt(memory: SplitMemory): void
  forget(memory: SplitMemory): void
}

/** A sequence's memory whose layers are in several WebAssembly memories: one part for each, all of the same length. */
export class SplitMemory implements SequenceMemory {
  readonly type: KvType
  readonly parts: readonly SequenceMemory[]
  readonly #host: SplitMemoryHost
  readonly #retain: number

  constructor(host: SplitMemoryHost, type: KvType, retain: number, parts = host.create(type, retain)) {
    this.#host = host
    this.#retain = retain
    this.type = type
    this.parts = parts
  }

  get length(): number {
    return this.parts[0].length
  }

  get bytes(): number {
    return this.parts.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get reach(): readonly Span[] {
    return this.parts.map(({ reach }) => reach).reduce(intersection)
  }

  async truncate(to: number): Promise<number> {
    const length = reachableLength(this.reach, to)
    for (const part of this.parts) await part.truncate(length)
    return length
  }

  hold(): void {
    for (const part of this.parts) part.hold()
  }

  release(): void {
    for (const part of this.parts) part.release()
  }

  get canShift(): boolean {
    return this.parts.every(({ canShift }) => canShift)
  }

  /**
   * If a part fails, those before it have been shifted and those from it on have not: all are then truncated to what they still
   * have in common, at most `keep` positions.
   */
  shift(keep: number, count: number): Promise<void> {
    return this.#host.exclusively(async () => {
      for (const [index, part] of this.parts.entries()) {
        try {
          await part.shift(keep, count)
        } catch (error) {
          if (index > 0) await this.truncate(keep)
          throw error
        }
      }
    })
  }

  async fork(): Promise<SplitMemory> {
    const forks: SequenceMemory[] = []
    try {
      for (const part of this.parts) forks.push(await part.fork())
    } catch (error) {
      for (const fork of forks) fork.dispose()
      throw error
    }
    const fork = new SplitMemory(this.#host, this.type, this.#retain, forks)
    this.#host.adopt(fork)
    return fork
  }

  async copyFrom(other: SequenceMemory): Promise<void> {
    await this.#copyParts((other as SplitMemory).parts)
  }

  async save(): Promise<MemoryRecord[]> {
    const records: MemoryRecord[] = []
    for (const [index, part] of this.parts.entries()) {
      const saved = await part.save()
      for (const [i, memory] of this.#host.memories[index].entries()) records[memory] = saved[i]
    }
    return records
  }

  async restore(records: readonly MemoryRecord[], of: { length: number; promptEnd?: number }): Promise<void> {
    const { memories } = this.#host
    const layers = memories.reduce((sum, { length }) => sum + length, 0)
    if (records.length !== layers) {
      throw new DasllamaError(
        'BAD_FORMAT',
        `the state is damaged: it has ${records.length} layers, and the model ${layers}`,
      )
    }
    const restored = this.#host.create(this.type, this.#retain)
    try {
      for (const [index, part] of restored.entries()) {
        const own = memories[index].map((memory) => records[memory])
        await part.restore(own, of)
      }
      await this.#copyParts(restored)
    } finally {
      for (const part of restored) part.dispose()
    }
  }

  dispose(): void {
    for (const part of this.parts) part.dispose()
    this.#host.forget(this)
  }

  async #copyParts(parts: readonly SequenceMemory[]): Promise<void> {
    for (const [index, part] of this.parts.entries()) await part.copyFrom(parts[index])
  }
}
