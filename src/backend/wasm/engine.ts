import { abortable } from '../../abortable.js'
import { Arena, WASM_LIMIT } from './arena.js'
import { instantiateKernels, type Kernels, PAGE_BYTES } from './kernels.js'
import { importingSharedMemory } from './shared-memory.js'
import { ThreadPool } from './thread-pool.js'
import type { Thread, ThreadHost } from './threads.js'

/** The kernels, the memory that they work on and the threads that they work with: what a model plays. */
export interface Engine {
  readonly kernels: Kernels
  readonly arena: Arena
  readonly pool: ThreadPool
}

/** Room for the kernels' own static data before the first byte of the arena. */
const FIRST_PAGES = 16

/** What an engine is made with. */
export interface EngineSettings {
  /** Bytes of memory, at most 4 GiB, which is the default. */
  readonly memoryLimit?: number | undefined
  /** Rejects with its reason; threads that were started meanwhile are ended. */
  readonly signal?: AbortSignal | undefined
}

/** An engine on the caller's thread alone. */
export async function createEngine(
  source: WebAssembly.Module | BufferSource,
  { memoryLimit = WASM_LIMIT, signal }: EngineSettings = {},
): Promise<Engine> {
  const { memory, maximum } = createMemory({ memoryLimit, shared: false })
  const kernels = await abortable(instantiateKernels(source, memory), signal)
  return { kernels, arena: new Arena(memory, kernels.heap_base(), maximum), pool: ThreadPool.single(kernels) }
}

/**
 * An engine on `threads` threads, the caller's among them, in shared memory. Rejects with `UNSUPPORTED` when they cannot
 * be started. The threads of an engine that is forgotten end.
 */
export async function createThreadedEngine(
  source: Uint8Array,
  threads: number,
  host: ThreadHost,
  { memoryLimit = WASM_LIMIT, signal }: EngineSettings = {},
): Promise<Engine> {
  const { memory, maximum } = createMemory({ memoryLimit, shared: true })
  const bytes = importingSharedMemory(source)
  const kernels = await abortable(instantiateKernels(bytes, memory), signal)
  const pool = await ThreadPool.start(kernels, threads, host, { kernels: bytes, memory }, signal)
  const engine = { kernels, arena: new Arena(memory, kernels.heap_base(), maximum), pool }
  forgotten.get().register(engine, pool.workers)
  return engine
}

/**
 * Ends the threads of an engine that nobody holds any more: what is registered with it must not lead to its memory. Made
 * when first needed: an import has no effects.
 */
const forgotten = {
  registry: undefined as FinalizationRegistry<Iterable<Thread>> | undefined,
  get() {
    this.registry ??= new FinalizationRegistry((workers) => {
      for (const member of workers) member.terminate()
    })
    return this.registry
  },
}

/** A memory and its limit in bytes. */
function createMemory({ memoryLimit, shared }: { memoryLimit: number; shared: boolean }) {
  const pages = Math.min(Math.floor(memoryLimit / PAGE_BYTES), WASM_LIMIT / PAGE_BYTES)
  const maximum = Math.max(FIRST_PAGES, pages)
  const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum, shared })
  return { memory, maximum: maximum * PAGE_BYTES }
}
