import type { Phase } from '../../src/backend/batch.js'
import {
  type KvType,
  type MemoryRecord,
  type MemorySpec,
  reachableLength,
  type SequenceMemory,
  type Span,
} from '../../src/backend/memory.js'
import { DasllamaError } from '../../src/errors.js'
import { WIDTH } from './recurrent-network.js'

/**
 * The earlier lengths to which a memory can be truncated: `recurrent` its checkpoints, at the ends of prompts, at every 512th position
 * of a prompt and those passed to `hold`; `kv` all; `window` the last 32 and those retained; `hybrid` those of both a
 * recurrent and a kv layer.
 */
export type Reach = 'recurrent' | 'kv' | 'window' | 'hybrid'

export const WINDOW = 32
const CHECKPOINT_EVERY = 512
export const STATE_BYTES = 4 * WIDTH

export const SPECS: Readonly<Record<Reach, readonly MemorySpec[]>> = {
  recurrent: [{ kind: 'recurrent', values: WIDTH }],
  kv: [{ kind: 'kv', kvHeads: 1, keyDim: WIDTH, valueDim: 0 }],
  window: [{ kind: 'kv', kvHeads: 1, keyDim: WIDTH, valueDim: 0, window: WINDOW }],
  hybrid: [
    { kind: 'recurrent', values: WIDTH },
    { kind: 'kv', kvHeads: 1, keyDim: WIDTH, valueDim: 0 },
  ],
}

/** Shared by an executable and its memories. */
export interface MemoryOwner {
  readonly reach: Reach
  readonly canShift: boolean
  readonly open: Set<RecurrentMemory>
  /** Throws `OUT_OF_MEMORY` if that many more bytes do not fit. */
  assertRoom(bytes: number): void
}

/** The states of one sequence by length: exactly those to which it can be truncated. */
export class RecurrentMemory implements SequenceMemory {
  readonly type: KvType
  readonly canShift: boolean
  /** Set while a batch runs: no other call is allowed then. */
  isRunning = false
  readonly #owner: MemoryOwner
  readonly #retain: number
  #states = new Map<number, Float32Array>()
  #length = 0
  /** Lengths that stay: ends of prompts, and every 512th of a prompt. */
  #checkpoints = new Set<number>()
  #held: number | undefined

  constructor(owner: MemoryOwner, type: KvType, retain: number) {
    this.#owner = owner
    this.type = type
    this.#retain = retain
    this.canShift = owner.canShift
    owner.open.add(this)
  }

  get length(): number {
    return this.#length
  }

  get bytes(): number {
    return this.#states.size * STATE_BYTES
  }

  /** The state after all positions; `undefined` for none. */
  get state(): Float32Array | undefined {
    return this.#states.get(this.length)
  }

  get reach(): readonly Span[] {
    const reach: [number, number][] = [[0, 0]]
    for (const length of [...this.#states.keys()].sort((a, b) => a - b)) {
      const last = reach[reach.length - 1]
      if (length === last[1] + 1) last[1] = length
      else reach.push([length, length])
    }
    return reach
  }

  async truncate(to: number): Promise<number> {
    this.#assertUsable()
    const reached = reachableLength(this.reach, to)
    for (const length of [...this.#states.keys()]) if (length > reached) this.#states.delete(length)
    for (const length of [...this.#checkpoints]) if (length > reached) this.#checkpoints.delete(length)
    if (this.#held !== undefined && this.#held > reached) this.#held = undefined
    this.#length = reached
    return reached
  }

  hold(): void {
    this.#assertUsable()
    this.#held = this.length
  }

  release(): void {
    this.#held = undefined
    this.#prune()
  }

  async shift(keep: number, count: number): Promise<void> {
    this.#assertUsable()
    if (!this.canShift) throw new DasllamaError('UNSUPPORTED', 'a recurrent state has no middle')
    const moved = new Map<number, Float32Array>()
    for (const [length, state] of this.#states) {
      if (length <= keep) moved.set(length, state)
      else if (length > keep + count) moved.set(length - count, state)
    }
    this.#states = moved
    this.#length -= count
  }

  async fork(): Promise<RecurrentMemory> {
    this.#assertUsable()
    const fork = new RecurrentMemory(this.#owner, this.type, this.#retain)
    await fork.copyFrom(this)
    return fork
  }

  async copyFrom(other: RecurrentMemory): Promise<void> {
    this.#assertUsable()
    other.#assertUsable()
    // States are immutable.
    this.#states = new Map(other.#states)
    this.#length = other.#length
    this.#checkpoints = new Set(other.#checkpoints)
    this.#held = undefined
  }

  async save(): Promise<MemoryRecord[]> {
    this.#assertUsable()
    return SPECS[this.#owner.reach].map((spec) => {
      const first = this.#firstOf(spec)
      const bytes = new Uint8Array((this.length - first) * STATE_BYTES)
      for (let length = first + 1; length <= this.length; length++) {
        const state = this.#states.get(length)
        // A layer of a hybrid has every position; the test double has only the states of checkpoints, and needs no more.
        if (state) bytes.set(new Uint8Array(state.buffer), (length - first - 1) * STATE_BYTES)
      }
      return { kind: spec.kind, first, bytes }
    })
  }

  async restore(
    records: readonly MemoryRecord[],
    { length: memoryLength }: { length: number },
  ): Promise<void> {
    this.#assertUsable()
    const specs = SPECS[this.#owner.reach]
    const fits =
      records.length === specs.length &&
      records.every(({ kind, first, bytes }, i) => {
        return kind === specs[i].kind && bytes.length === (memoryLength - first) * STATE_BYTES
      })
    if (!fits) throw new DasllamaError('BAD_FORMAT', 'the records do not fit this model')
    this.#owner.assertRoom(Math.max(0, records[0].bytes.length - this.bytes))
    const [{ first, bytes }] = records
    this.#states = new Map()
    for (let length = first + 1; length <= memoryLength; length++) {
      const at = (length - first - 1) * STATE_BYTES
      this.#states.set(length, new Float32Array(bytes.slice(at, at + STATE_BYTES).buffer))
    }
    this.#length = memoryLength
    this.#checkpoints = new Set()
    this.#held = undefined
  }

  dispose(): void {
    this.#states.clear()
    this.#length = 0
    this.#owner.open.delete(this)
  }

  /** Bytes that `append` would allocate. */
  growth(rows: number): number {
    return (this.#owner.reach === 'kv' ? rows : 1) * STATE_BYTES
  }

  /** `isPromptEnd`: the logits after the last of these are wanted. */
  append(states: readonly Float32Array[], phase: Phase, { isPromptEnd }: { isPromptEnd: boolean }): void {
    for (const state of states) {
      this.#length++
      this.#states.set(this.length, state)
      if (phase === 'prefill' && this.length % CHECKPOINT_EVERY === 0) this.#checkpoints.add(this.length)
    }
    if (phase === 'prefill' && isPromptEnd) this.#checkpoints.add(this.length)
    this.#prune()
  }

  #prune(): void {
    for (const length of [...this.#states.keys()]) if (!this.#keeps(length)) this.#states.delete(length)
  }

  #keeps(length: number): boolean {
    if (length === this.length || length === this.#held) return true
    switch (this.#owner.reach) {
      case 'kv':
        return true
      case 'window':
        return length > this.length - WINDOW || length <= this.#retain
      default:
        return this.#checkpoints.has(length)
    }
  }

  #firstOf(spec: MemorySpec): number {
    if (spec.kind === 'recurrent') return Math.max(0, this.length - 1)
    return spec.window === undefined ? 0 : Math.max(0, this.length - spec.window)
  }

  #assertUsable(): void {
    if (this.isRunning) throw new Error('a batch is running on this memory')
    if (!this.#owner.open.has(this)) throw new Error('this memory has been disposed')
  }
}
