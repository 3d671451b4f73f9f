import { DasllamaError } from '../../errors.js'
import { pacer } from '../../platform/pacer.js'
import type { Phase } from '../batch.js'
import {
  intersection,
  type KvType,
  type MemoryRecord,
  type MemorySpec,
  reachableLength,
  type SequenceMemory,
  type Span,
} from '../memory.js'
import type { KvLayout } from './kv-layout.js'
import { checkCount, damaged, KvMemory, type MemoryHost } from './kv-memory.js'
import { type Appended, RecurrentMemory } from './recurrent-memory.js'
import { stateLayout } from './state-layout.js'
import type { StatePool } from './states.js'
import type { RunStates } from './steps/step.js'
import type { WasmMemory } from './wasm-memory.js'

/** What the memories of a program with recurrent layers have in common. */
export interface HybridParts {
  readonly specs: readonly MemorySpec[]
  readonly host: MemoryHost
  /** Of keys and values. */
  readonly layout: KvLayout
  readonly states: StatePool
}

/**
 * The memory of a sequence with recurrent layers: their states, and the keys and values of other layers, if there are any. It
 * reaches the lengths that both reach.
 */
export class HybridMemory implements WasmMemory {
  readonly type: KvType
  readonly canShift = false
  readonly kv: KvMemory
  readonly #states: RecurrentMemory
  readonly #parts: HybridParts
  readonly #retain: number

  constructor(parts: HybridParts, retain: number) {
    this.#parts = parts
    this.#retain = retain
    this.type = parts.layout.type
    // Both parts are known to the executable as one.
    this.kv = new KvMemory({ ...parts.host, adopt() {}, forget() {} }, parts.layout, retain)
    this.#states = new RecurrentMemory(parts.states)
  }

  get length(): number {
    return this.kv.length
  }

  get bytes(): number {
    return this.kv.bytes + this.#states.bytes
  }

  get reach(): readonly Span[] {
    return intersection(this.kv.reach, this.#states.reach)
  }

  prepare(rows: number, phase: Phase): RunStates {
    this.kv.prepare(rows)
    return this.#states.prepare(rows, phase)
  }

  rollback(): void {
    this.kv.rollback()
    this.#states.rollback()
  }

  commit(appended: Appended): void {
    this.kv.commit(appended)
    this.#states.commit(appended)
  }

  relieve(options: { all: boolean }): boolean {
    return this.#states.relieve(options)
  }

  async truncate(to: number): Promise<number> {
    const length = reachableLength(this.reach, to)
    this.#states.truncate(length)
    return this.kv.truncate(length)
  }

  hold(): void {
    this.kv.hold()
    this.#states.hold()
  }

  release(): void {
    this.kv.release()
    this.#states.release()
  }

  shift(): Promise<void> {
    return Promise.reject(cannotShift())
  }

  async fork(): Promise<HybridMemory> {
    const fork = new HybridMemory(this.#parts, this.#retain)
    this.#parts.host.adopt(fork)
    await fork.copyFrom(this)
    return fork
  }

  async copyFrom(other: SequenceMemory): Promise<void> {
    const source = other as HybridMemory
    this.#states.copyFrom(source.#states)
    await this.kv.copyFrom(source.kv)
  }

  /** The present state is saved, and no checkpoint. */
  async save(): Promise<MemoryRecord[]> {
    const { specs, states } = this.#parts
    const { offsets } = stateLayout(specs)
    const { length } = this
    const keysAndValues = await this.kv.save()
    const { state } = this.#states
    const records: MemoryRecord[] = []
    for (const [memory, spec] of specs.entries()) {
      if (spec.kind === 'kv') records.push(keysAndValues.shift()!)
      else {
        const bytes = state ? states.view(state, offsets[memory], 4 * spec.values).slice() : new Uint8Array()
        records.push({ kind: 'recurrent', first: length, bytes })
        await pacer.yieldIfDue()
      }
    }
    return records
  }

  async restore(
    records: readonly MemoryRecord[],
    { length, promptEnd = 0 }: { length: number; promptEnd?: number },
  ): Promise<void> {
    const { specs, states } = this.#parts
    const { offsets } = stateLayout(specs)
    this.#check(records, length)
    const state = length > 0 ? states.take() : undefined
    try {
      for (const [memory, spec] of specs.entries()) {
        if (spec.kind === 'kv' || !state) continue
        const { bytes } = records[memory]
        // Their buffer may have been transferred elsewhere in the meantime.
        if (bytes.length === 0) throw damaged(`the bytes of layer ${memory} are gone`)
        states.view(state, offsets[memory], bytes.length).set(bytes)
        await pacer.yieldIfDue()
      }
      await this.kv.restore(records, { length, promptEnd })
    } catch (error) {
      if (state) states.release(state)
      throw error
    }
    this.#states.set(state, { length, promptEnd })
  }

  dispose(): void {
    this.kv.dispose()
    this.#states.dispose()
    this.#parts.host.forget(this)
  }

  /** Throws `BAD_FORMAT` unless the records of recurrent layers match; `KvMemory` checks the others. */
  #check(records: readonly MemoryRecord[], length: number): void {
    const { specs } = this.#parts
    checkCount(records, specs.length)
    for (const [memory, spec] of specs.entries()) {
      if (spec.kind === 'kv') continue
      const { kind, first, bytes } = records[memory]
      const expected = length > 0 ? 4 * spec.values : 0
      if (kind !== 'recurrent' || first !== length || bytes.length !== expected) {
        throw damaged(`layer ${memory} does not match the model`)
      }
    }
  }
}

function cannotShift(): DasllamaError {
  return new DasllamaError(
    'UNSUPPORTED',
    'the context cannot be shifted: the state of a recurrent layer cannot leave out positions in the middle',
    { hint: 'use a longer context' },
  )
}
