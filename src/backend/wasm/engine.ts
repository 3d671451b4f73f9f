import { abortable } from '../../abortable.js'
import { Arena } from './arena.js'
import { instantiateKernels, type Kernels, PAGE_BYTES } from './kernels.js'
import { WASM_LIMIT } from './limits.js'
import { importingSharedMemory } from './shared-memory.js'
import { ThreadPool } from './thread-pool.js'
import type { Thread, ThreadHost } from './threads.js'

/** What runs a model: the kernels, their memory and their threads. */
export interface Engine {
  readonly kernels: Kernels
  readonly arena: Arena
  readonly pool: ThreadPool
}

/** Initial pages, for the kernels' static data below the arena. */
const FIRST_PAGES = 16

/** Settings of an engine. */
export interface EngineSettings {
  /** Largest size of the memory in bytes, at most 4 GiB. Default 4 GiB. */
  readonly memoryLimit?: number | undefined
  /** If aborted, the call rejects with its reason and terminates threads that it has started. */
  readonly signal?: AbortSignal | undefined
}

/** An engine on the caller's thread only. */
export async function createEngine(
  source: WebAssembly.Module | BufferSource,
  { memoryLimit = WASM_LIMIT, signal }: EngineSettings = {},
): Promise<Engine> {
  const { memory, maximum } = createMemory({ memoryLimit, shared: false })
  const kernels = await abortable(instantiateKernels(source, memory), signal)
  return { kernels, arena: new Arena(memory, kernels.heap_base(), maximum), pool: ThreadPool.single(kernels) }
}

/**
 * An engine on `threads` threads in shared memory, including the caller's. Rejects with `UNSUPPORTED` when they cannot be
 * started. When the engine is garbage-collected, its threads are terminated.
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
 * Terminates the threads of a collected engine. The held value must not reference the engine's memory. Created on first
 * use, because imports have no side effects.
 */
const forgotten = {
  registry: undefined as FinalizationRegistry<Iterable<Thread>> | undefined,
  get() {
    this.registry ??= new FinalizationRegistry((workers) => {
      for (const worker of workers) worker.terminate()
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
