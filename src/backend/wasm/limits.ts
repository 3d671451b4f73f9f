/** Largest size of a 32-bit WebAssembly memory, in bytes. */
export const WASM_LIMIT = 2 ** 32

/** Largest number of memories that a model is divided among. */
export const MOST_MEMORIES = 16

/** Largest total of a model's memories, in bytes. */
export const MEMORY_LIMIT = MOST_MEMORIES * WASM_LIMIT

/** Largest number of threads in a pool: memory bandwidth is saturated long before. */
export const MAX_THREADS = 32
