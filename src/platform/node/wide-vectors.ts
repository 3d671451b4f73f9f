import { setFlagsFromString } from 'node:v8'

/**
 * V8's pass that joins pairs of WebAssembly's 128-bit vectors into 256-bit ones, for processors with AVX2. Node for x64 has
 * it, off by default because it is experimental. V8 13, in Node 24, is the first version that joins the kernels' loops.
 */
const FLAG = '--experimental-wasm-revectorize'
const FIRST_V8 = 13

function exists(): boolean {
  const { bun, v8 } = process.versions
  // Bun reports a version of V8 that it does not have, and Deno's V8 joins nothing.
  if (bun || 'Deno' in globalThis) return false
  return process.arch === 'x64' && Number.parseInt(v8, 10) >= FIRST_V8
}

export const wideVectors = {
  /** Whether the process was started with the flag. */
  get enabled(): boolean {
    return exists() && process.execArgv.some((argument) => argument.replaceAll('_', '-') === FLAG)
  },
  /** Enables them for everything compiled from now on, in the whole process. Returns false where there are none. */
  enable(): boolean {
    if (!exists()) return false
    setFlagsFromString(FLAG)
    return true
  },
}
