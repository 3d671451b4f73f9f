import type { KvType, MemorySpec, SequenceMemory } from '../memory.js'
import type { Arena } from './arena.js'
import { HybridMemory } from './hybrid-memory.js'
import type { Pointer } from './kernels.js'
import { type KvLayout, kvLayout } from './kv-layout.js'
import { KvMemory, type MemoryHost } from './kv-memory.js'
import { stateLayout } from './state-layout.js'
import { StatePool } from './states.js'
import type { WasmMemory } from './wasm-memory.js'

/** How keys and values are moved: whether it is possible, and `MemoryHost.move`. */
export interface Moving {
  readonly canMove: boolean
  readonly move: MemoryHost['move']
}

/** The memories of a program's sequences, and what they share: layouts, states that nobody has, and what is left of the arena. */
export class SequenceMemories {
  /** Whether memories can be shifted. */
  readonly canShift: boolean
  readonly #arena: Arena
  readonly #specs: readonly MemorySpec[]
  readonly #host: MemoryHost
  readonly #layouts = new Map<KvType, KvLayout>()
  readonly #states: StatePool
  /** In the order of their last use. */
  readonly #open = new Set<WasmMemory>()

  constructor(arena: Arena, specs: readonly MemorySpec[], { canMove, move }: Moving) {
    this.#arena = arena
    this.#specs = specs
    this.#host = {
      arena: {
        allocate: (bytes, purpose) => this.#allocate(bytes, purpose),
        free: (pointer) => arena.free(pointer),
        bytes: (pointer, length) => arena.bytes(pointer, length),
      },
      canMove: () => this.canShift,
      move,
      adopt: (memory) => this.use(memory),
      forget: (memory) => void this.#open.delete(memory),
    }
    this.#states = new StatePool(this.#host.arena, stateLayout(specs).bytes, (bytes, purpose) =>
      arena.allocate(bytes, purpose),
    )
    this.canShift = canMove && this.#states.bytes === 0
  }

  /** Whether a memory is one of these and has not been disposed. */
  has(memory: SequenceMemory): boolean {
    return this.#open.has(memory as WasmMemory)
  }

  /** See `Executable.createMemory`. */
  create(type: KvType, retain: number): WasmMemory {
    const layout = this.#layout(type)
    const memory =
      this.#states.bytes > 0
        ? new HybridMemory({ specs: this.#specs, host: this.#host, layout, states: this.#states }, retain)
        : new KvMemory(this.#host, layout, retain)
    this.use(memory)
    return memory
  }

  /** Notes that a memory is new, or about to be used. */
  use(memory: WasmMemory): void {
    this.#open.delete(memory)
    this.#open.add(memory)
  }

  /** If there is no memory left, what sequences can do without gives way. */
  #allocate(bytes: number, purpose: string): Pointer {
    for (;;) {
      try {
        return this.#arena.allocate(bytes, purpose)
      } catch (error) {
        if (!this.#relieve()) throw error
      }
    }
  }

  /** Frees a little, first of what has not been used for longest. Returns false if there is nothing. */
  #relieve(): boolean {
    if (this.#states.trim()) return true
    for (const all of [false, true]) {
      for (const memory of this.#open) if (memory.relieve({ all })) return true
    }
    return false
  }

  #layout(type: KvType): KvLayout {
    let layout = this.#layouts.get(type)
    if (!layout) {
      layout = kvLayout(this.#specs, type)
      this.#layouts.set(type, layout)
    }
    return layout
  }
}
