import { abortable } from '../../abortable.js'
import { describeFailure } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { Platform } from '../../platform/platform.js'
import type { WarningListener } from '../../warnings.js'
import { createEngine, createThreadedEngine, type Engine } from './engine.js'
import { type EngineOptions, isCompiled } from './engine-options.js'
import { hasRelaxedSimd, offersRelaxedSimd } from './relaxed-simd.js'

/** Options of opening an engine. */
export interface OpeningOptions {
  readonly signal?: AbortSignal | undefined
  readonly onWarning?: WarningListener | undefined
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
  const bytes = isCompiled(source) ? undefined : (source as Uint8Array)
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
  if (isCompiled(wanted)) return wanted as WebAssembly.Module
  if (ArrayBuffer.isView(wanted)) return new Uint8Array(wanted.buffer, wanted.byteOffset, wanted.byteLength)
  if (typeof wanted === 'object') return new Uint8Array(wanted as ArrayBuffer)
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
