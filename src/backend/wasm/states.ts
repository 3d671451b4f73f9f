import type { Pointer } from './kernels.js'
import type { PageArena } from './pages.js'

const PURPOSE = 'a state of the recurrent layers'

/** The states of a sequence's recurrent layers at one length, in one span. Shared, and so never written again once complete. */
export interface State {
  readonly pointer: Pointer
  references: number
}

/**
 * The states of a program's sequences. A decoded token takes a span and gives one back, so spans that nobody has are kept for the
 * next one: never more of them than are in use.
 */
export class StatePool {
  /** Of a state. */
  readonly bytes: number
  readonly #arena: PageArena
  readonly #allocateFree: PageArena['allocate']
  readonly #spare: Pointer[] = []
  #inUse = 0
  /** The state of empty sequences, while anybody has it. */
  #zeros: State | undefined

  /** `allocateFree`: allocates only what is free, while the arena frees what others can do without. */
  constructor(arena: PageArena, bytes: number, allocateFree: PageArena['allocate']) {
    this.#arena = arena
    this.#allocateFree = allocateFree
    this.bytes = bytes
  }

  /** A span to be written, with one reference. Throws `OUT_OF_MEMORY`. */
  take(): State {
    return this.#take(this.#spare.pop() ?? this.#arena.allocate(this.bytes, PURPOSE))
  }

  /** The same, or `undefined` if no memory is free. */
  takeFree(): State | undefined {
    try {
      return this.#take(this.#spare.pop() ?? this.#allocateFree(this.bytes, PURPOSE))
    } catch {
      return undefined
    }
  }

  /** A reference to the state before the first position. Throws `OUT_OF_MEMORY`. */
  zeros(): State {
    if (this.#zeros) return share(this.#zeros)
    const zeros = this.take()
    this.view(zeros).fill(0)
    this.#zeros = zeros
    return zeros
  }

  /** Gives a reference back. */
  release(state: State): void {
    state.references--
    if (state.references > 0) return
    if (state === this.#zeros) this.#zeros = undefined
    this.#inUse--
    this.#spare.push(state.pointer)
    while (this.#spare.length > this.#inUse) this.trim()
  }

  /** Frees a spare span. Returns false if there is none. */
  trim(): boolean {
    const pointer = this.#spare.pop()
    if (pointer === undefined) return false
    this.#arena.free(pointer)
    return true
  }

  #take(pointer: Pointer): State {
    this.#inUse++
    return { pointer, references: 1 }
  }

  /** The bytes of a state from `offset` on, by default all; valid until memory is allocated. */
  view({ pointer }: State, offset = 0, bytes = this.bytes): Uint8Array {
    return this.#arena.bytes((pointer + offset) as Pointer, bytes)
  }
}

/** Another reference to a state. */
export function share(state: State): State {
  state.references++
  return state
}
