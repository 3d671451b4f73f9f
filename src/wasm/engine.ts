import { Arena, WASM_LIMIT } from './arena.js'
import { instantiateKernels, type Kernels, PAGE_BYTES } from './kernels.js'

/** The kernels and the memory that they work on: what a model plays. */
export interface Engine {
  readonly kernels: Kernels
  readonly arena: Arena
}

/** Room for the kernels' own static data before the first byte of the arena. */
const FIRST_PAGES = 16

/** `memoryLimit` in bytes, at most 4 GiB. */
export async function createEngine(
  source: WebAssembly.Module | BufferSource,
  memoryLimit: number = WASM_LIMIT,
): Promise<Engine> {
  const maximum = Math.max(
    FIRST_PAGES,
    Math.min(Math.floor(memoryLimit / PAGE_BYTES), WASM_LIMIT / PAGE_BYTES),
  )
  const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum })
  const kernels = await instantiateKernels(source, memory)
  return { kernels, arena: new Arena(memory, kernels.heap_base(), maximum * PAGE_BYTES) }
}
