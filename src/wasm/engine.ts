import { Arena, WASM_LIMIT } from './arena.js'
import { instantiateKernels, type Kernels, PAGE_BYTES } from './kernels.js'
import { importingSharedMemory } from './shared-memory.js'
import { Team } from './team.js'
import type { ThreadHost } from './threads.js'

/** The kernels, the memory that they work on and the threads that they work with: what a model plays. */
export interface Engine {
  readonly kernels: Kernels
  readonly arena: Arena
  readonly team: Team
}

/** Room for the kernels' own static data before the first byte of the arena. */
const FIRST_PAGES = 16

/** An engine on the caller's thread alone. `memoryLimit` in bytes, at most 4 GiB. */
export async function createEngine(
  source: WebAssembly.Module | BufferSource,
  memoryLimit: number = WASM_LIMIT,
): Promise<Engine> {
  const { memory, maximum } = createMemory(memoryLimit, false)
  const kernels = await instantiateKernels(source, memory)
  return { kernels, arena: new Arena(memory, kernels.heap_base(), maximum), team: Team.alone(kernels) }
}

/**
 * An engine on `threads` threads, the caller's among them, in shared memory. Rejects with `UNSUPPORTED` when they cannot
 * be started. An engine that is forgotten sends its threads home.
 */
export async function createThreadedEngine(
  source: Uint8Array,
  threads: number,
  host: ThreadHost,
  memoryLimit: number = WASM_LIMIT,
): Promise<Engine> {
  const { memory, maximum } = createMemory(memoryLimit, true)
  const bytes = importingSharedMemory(source)
  const kernels = await instantiateKernels(bytes, memory)
  const team = await Team.gather(kernels, threads, host, { kernels: bytes, memory })
  const engine = { kernels, arena: new Arena(memory, kernels.heap_base(), maximum), team }
  forgotten.get().register(engine, team)
  return engine
}

/** Dismisses the team of an engine that nobody holds any more. Made when first needed: an import has no effects. */
const forgotten = {
  registry: undefined as FinalizationRegistry<Team> | undefined,
  get() {
    this.registry ??= new FinalizationRegistry((team) => team.dismiss())
    return this.registry
  },
}

/** A memory and its limit in bytes. */
function createMemory(memoryLimit: number, shared: boolean): { memory: WebAssembly.Memory; maximum: number } {
  const pages = Math.min(Math.floor(memoryLimit / PAGE_BYTES), WASM_LIMIT / PAGE_BYTES)
  const maximum = Math.max(FIRST_PAGES, pages)
  const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum, shared })
  return { memory, maximum: maximum * PAGE_BYTES }
}
