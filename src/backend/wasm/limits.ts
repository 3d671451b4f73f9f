/** Largest size of a 32-bit WebAssembly memory, in bytes. */
export const WASM_LIMIT = 2 ** 32

/** Largest number of threads in a pool: memory bandwidth is saturated long before. */
export const MAX_THREADS = 32
