import type { Arena } from './arena.js'
import type { Pointer } from './kernels.js'
import type { ScheduledNorm } from './scheduled.js'
import type { Weights } from './weights.js'

/** Kinds of norms, numbered as in assembly/norm.ts. */
const KINDS = { rms: 0, layer: 1 } as const

/** 32-bit words per record. */
const WORDS = 4

/** Bytes of a table of `count` norms. */
export function normTableBytes(count: number): number {
  return count * WORDS * 4
}

/** Norms in the kernels' memory, in the layout of assembly/norm.ts; written once, when a model is loaded. */
export class NormTable {
  readonly #arena: Arena
  readonly #weights: Weights
  #next: Pointer

  /** Throws `OUT_OF_MEMORY`. */
  constructor(arena: Arena, weights: Weights, capacity: number) {
    this.#next = arena.allocate(normTableBytes(capacity), 'the table of norms')
    this.#arena = arena
    this.#weights = weights
  }

  /** Adds a norm. */
  add({ kind, weight, bias, epsilon }: ScheduledNorm): Pointer {
    const pointer = this.#next
    const at = (slice: typeof weight) => (slice ? this.#weights.vector(slice) : 0)
    const { buffer } = this.#arena.memory
    new Uint32Array(buffer, pointer, WORDS).set([KINDS[kind], at(weight), at(bias)])
    new Float32Array(buffer, pointer, WORDS)[WORDS - 1] = epsilon
    this.#next = (pointer + normTableBytes(1)) as Pointer
    return pointer
  }
}
