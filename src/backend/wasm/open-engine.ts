import { abortable } from '../../abortable.js'
import { checkCount } from '../../checks.js'
import { describeFailure, describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { Platform } from '../../platform/platform.js'
import { isA } from '../../read-list.js'
import type { WarningListener } from '../../warnings.js'
import { WASM_LIMIT } from './arena.js'
import { createEngine, createThreadedEngine, type Engine } from './engine.js'
import { KERNEL_BUILDS, type KernelBuild } from './kernels.js'
import { hasRelaxedSimd, offersRelaxedSimd } from './relaxed-simd.js'
import { MAX_THREADS } from './thread-pool.js'

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
  kernels?: KernelBuild | 'auto' | WebAssembly.Module | BufferSource
  /** Limit in bytes for weights, caches and scratch together, 1 MiB to 4 GiB. Default 4 GiB. */
  memoryLimit?: number
  /**
   * Number of threads, including the one that the engine runs in: 1 to 32. `auto`, the default, is the number of physical cores, at most 8 and
   * fewer for a small model, where the runtime has threads with shared memory (Node, Deno, Bun, cross-origin isolated
   * pages), otherwise 1. It does not change a bit of any result.
   */
  threads?: number | 'auto'
}

/** Options of opening an engine. */
interface OpeningOptions {
  readonly signal?: AbortSignal | undefined
  readonly onWarning?: WarningListener | undefined
}

const BUILDS: readonly string[] = ['auto', ...KERNEL_BUILDS]

/** Throws `INVALID_ARGUMENT`. */
export function checkEngineOptions({ kernels, memoryLimit, threads }: EngineOptions): void {
  if (memoryLimit !== undefined) checkCount('memoryLimit', memoryLimit, 2 ** 20, WASM_LIMIT)
  if (threads !== undefined && threads !== 'auto') checkCount('threads', threads, 1, MAX_THREADS)
  if (kernels === undefined || BUILDS.includes(kernels as string) || isModule(kernels)) return
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `kernels: ${describeValue(kernels)} is not a build of the kernels`,
    {
      hint: `pass one of ${BUILDS.join(', ')}, or a WebAssembly module, compiled or as bytes`,
    },
  )
}

function isModule(kernels: unknown): boolean {
  return isA(WebAssembly.Module, kernels) || isA(ArrayBuffer, kernels) || ArrayBuffer.isView(kernels)
}

/**
 * Kernels, memory and threads for a model of `modelBytes`. Throws `INVALID_ARGUMENT`, or `UNSUPPORTED` for requested kernels
 * or threads that are not available, or the signal's reason.
 */
export async function openEngine(
  options: EngineOptions & OpeningOptions,
  platform: Platform,
  modelBytes: number,
): Promise<Engine> {
  const { kernels = 'auto', memoryLimit, threads = 'auto', signal, onWarning } = options
  const settings = { memoryLimit, signal }
  const source = await abortable(chooseKernels(kernels, platform, options), signal)
  const bytes = source instanceof WebAssembly.Module ? undefined : source
  const available = bytes && platform.threads ? platform.threads.physicalCores : 1
  const count = threads === 'auto' ? Math.min(available, MAX_AUTO_THREADS, threadsFor(modelBytes)) : threads
  if (count === 1) return createEngine(source, settings)
  if (!bytes) {
    throw new DasllamaError('INVALID_ARGUMENT', `compiled kernels run on one thread, not ${count}`, {
      hint: 'pass their bytes, or threads: 1',
    })
  }
  if (!platform.threads) {
    throw new DasllamaError(
      'UNSUPPORTED',
      `${count} threads: this runtime has no threads with shared memory`,
      {
        hint: "a page must be cross-origin isolated (COOP and COEP headers); or pass threads: 'auto' or 1",
      },
    )
  }
  try {
    return await createThreadedEngine(bytes, count, platform.threads, settings)
  } catch (error) {
    if (threads !== 'auto' || signal?.aborted) throw error
    onWarning?.({
      code: 'FEWER_THREADS',
      message: `the model runs on one thread instead of ${count}: ${describeFailure(error)}`,
      hint: 'pass threads: 1 to run on one thread without this warning',
    })
    return createEngine(bytes, settings)
  }
}

/** More threads have not been faster: decode is memory-bound. */
const MAX_AUTO_THREADS = 8

/** Bytes of a model per thread from which a thread is worth its start and synchronisation. */
const BYTES_PER_THREAD = 8 * 2 ** 20

function threadsFor(modelBytes: number): number {
  return Math.max(1, Math.floor(modelBytes / BYTES_PER_THREAD))
}

async function chooseKernels(
  wanted: NonNullable<EngineOptions['kernels']>,
  platform: Platform,
  { signal, onWarning }: OpeningOptions,
): Promise<WebAssembly.Module | Uint8Array> {
  if (wanted instanceof WebAssembly.Module) return wanted
  if (ArrayBuffer.isView(wanted)) return new Uint8Array(wanted.buffer, wanted.byteOffset, wanted.byteLength)
  if (typeof wanted === 'object') return new Uint8Array(wanted)
  if (wanted === 'relaxed' && !hasRelaxedSimd()) {
    throw new DasllamaError(
      'UNSUPPORTED',
      "kernels: 'relaxed' needs relaxed SIMD, which this runtime lacks or computes wrongly",
      {
        hint: "Node 22, Chrome 114, Firefox 145 or newer have it, but some compute it wrongly on processors without AVX; or pass kernels: 'auto'",
      },
    )
  }
  if (wanted === 'wide' && !(hasRelaxedSimd() && platform.wideVectors?.enable())) {
    throw new DasllamaError(
      'UNSUPPORTED',
      "kernels: 'wide' needs 256-bit vectors, which this runtime lacks",
      {
        hint: "Node 24 or newer on x64 has them; or pass kernels: 'auto'",
      },
    )
  }
  if (wanted !== 'auto') return platform.loadKernels(wanted, signal)
  if (hasRelaxedSimd()) {
    return platform.loadKernels(platform.wideVectors?.enabled ? 'wide' : 'relaxed', signal)
  }
  if (offersRelaxedSimd()) {
    onWarning?.({
      code: 'BASELINE_KERNELS',
      message:
        'this runtime computes relaxed SIMD wrongly on this processor: the model runs on the baseline kernels',
      hint: "a newer version of the runtime is faster; pass kernels: 'baseline' to use them without this warning",
    })
  }
  return platform.loadKernels('baseline', signal)
}
