import { checkCount } from '../../checks.js'
import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import { isA } from '../../read-list.js'
import { KERNEL_BUILDS, type KernelBuild } from './kernel-builds.js'
import { MAX_THREADS, MEMORY_LIMIT, WASM_LIMIT } from './limits.js'

/** Where lookup tables are: see `EngineOptions.lookupTables`. */
const LOOKUP_TABLES = ['auto', 'memory', 'file'] as const
export type LookupTables = (typeof LOOKUP_TABLES)[number]

/** Resources of a model's engine. */
export interface EngineOptions {
  /**
   * The build of the kernels. `relaxed` is faster; its logits differ from the baseline's in the last bits, which may depend
   * on the processor. `baseline` gives the same bits everywhere. `auto`, the default, is `relaxed` where the runtime has
   * relaxed SIMD. `wide` is `relaxed` with 256-bit vectors, for Node 24 and newer on x64: prompts take two thirds of the
   * time. It enables an experimental feature of V8 for the whole process (`--experimental-wasm-revectorize`); if Node was
   * started with that flag, `auto` is `wide`. Or pass the kernels themselves, compiled or as bytes, where the runtime cannot
   * find them next to the package, for example because a bundler has moved them; compiled ones run on one thread.
   */
  kernels?: KernelBuild | 'auto' | WebAssembly.Module | ArrayBuffer | ArrayBufferView<ArrayBuffer>
  /**
   * Limit in bytes for weights, caches and scratch together, 1 MiB to 64 GiB. A model that does not fit into one WebAssembly
   * memory is divided among several, by whole layers, with the same bits. Default: what the memories hold that it needs.
   */
  memoryLimit?: number
  /**
   * Largest size of one WebAssembly memory in bytes, 1 MiB to 4 GiB: less than the default where a runtime refuses large ones.
   * Default 4 GiB.
   */
  memorySize?: number
  /**
   * Number of threads, including the one that the engine runs in: 1 to 32. `auto`, the default, is the number of physical cores, at most 8 and
   * fewer for a small model, where the runtime has threads with shared memory (Node, Deno, Bun, cross-origin isolated
   * pages), otherwise 1. It does not change a bit of any result.
   */
  threads?: number | 'auto'
  /**
   * Where lookup tables are: matrices of which a token needs one row, such as embeddings per layer, and the token embedding if the
   * output has a matrix of its own. `memory`: with all other weights. `file`: they stay in the file, which stays open until the
   * model is disposed; a token's row is read when it is needed, and the latest 1,024 of a table are kept. `auto`, the default:
   * those stay in the file that do not fit `memoryLimit`, with the warning `TABLES_IN_FILE`. It does not change a bit of any result.
   * Rejects with `UNSUPPORTED` for `file` if a server has no ranges; `auto` takes `memory` then.
   */
  lookupTables?: LookupTables
}

const BUILDS: readonly string[] = ['auto', ...KERNEL_BUILDS]

/** Throws `INVALID_ARGUMENT`. */
export function checkEngineOptions(options: EngineOptions): void {
  const { kernels, memoryLimit, memorySize, threads, lookupTables } = options
  if (memoryLimit !== undefined) checkCount('memoryLimit', memoryLimit, 2 ** 20, MEMORY_LIMIT)
  if (memorySize !== undefined) checkCount('memorySize', memorySize, 2 ** 20, WASM_LIMIT)
  if (threads !== undefined && threads !== 'auto') checkCount('threads', threads, 1, MAX_THREADS)
  checkLookupTables(lookupTables)
  if (kernels === undefined || BUILDS.includes(kernels as string) || isModule(kernels)) return
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `kernels: ${describeValue(kernels)} is not a build of the kernels`,
    {
      hint: `pass one of ${BUILDS.join(', ')}, or a WebAssembly module, compiled or as bytes`,
    },
  )
}

function checkLookupTables(value: unknown): void {
  if (value === undefined || LOOKUP_TABLES.includes(value as LookupTables)) return
  throw new DasllamaError('INVALID_ARGUMENT', `lookupTables: ${describeValue(value)} is not a place`, {
    hint: `pass one of ${LOOKUP_TABLES.join(', ')}`,
  })
}

function isModule(kernels: unknown): boolean {
  return isCompiled(kernels) || isA(ArrayBuffer, kernels) || ArrayBuffer.isView(kernels)
}

/** Whether it is a compiled module. By its tag: edge runtimes compile modules in another realm, with a class of their own. */
export function isCompiled(kernels: unknown): boolean {
  try {
    return Object.prototype.toString.call(kernels) === '[object WebAssembly.Module]'
  } catch {
    // A revoked proxy.
    return false
  }
}
