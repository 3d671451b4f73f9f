import { setFlagsFromString } from 'node:v8'

/**
 * V8's pass that joins pairs of WebAssembly's 128-bit vectors into 256-bit ones, which processors with AVX2 take at once.
 * It is built into Node for x64 and off by default, for V8 calls it experimental. That of V8 13, in Node 24, is the first
 * that joins the kernels' loops.
 */
const FLAG = '--experimental-wasm-revectorize'
const FIRST_V8 = 13

function exists(): boolean {
  const { bun, v8 } = process.versions
  // Bun names a V8 that it does not have, and Deno's joins nothing.
  if (bun || 'Deno' in globalThis) return false
  return process.arch === 'x64' && Number.parseInt(v8, 10) >= FIRST_V8
}

export const wideVectors = {
  /** Whether the process was started with them. */
  get enabled(): boolean {
    return exists() && process.execArgv.some((argument) => argument.replaceAll('_', '-') === FLAG)
  },
  /** Has all that is compiled from now on use them, in the whole process. False where there are none. */
  enable(): boolean {
    if (!exists()) return false
    setFlagsFromString(FLAG)
    return true
  },
}
