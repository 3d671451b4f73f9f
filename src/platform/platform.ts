import type { KernelBuild } from '../backend/wasm/kernels.js'
import type { ThreadHost } from '../backend/wasm/threads.js'
import type { LocalFiles } from '../storage/open-source.js'

/** What the engine needs from the runtime that it runs in, and nothing more. */
export interface Platform extends LocalFiles {
  readonly name: 'node' | 'browser' | 'workerd'
  /**
   * The kernels that lie beside the package's JavaScript; compiled only where bytes cannot be. Rejects with `NOT_FOUND`,
   * `IO` or `BAD_FORMAT`, or with the signal's reason. Default: the baseline.
   */
  loadKernels(
    build?: KernelBuild,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer> | WebAssembly.Module>
  /**
   * Vectors of 256 bits, which the runtime's engine makes of pairs: whether it does, and how it is told to. `undefined`
   * where it cannot be told.
   */
  readonly wideVectors: { readonly enabled: boolean; enable(): boolean } | undefined
  /** How threads are made; `undefined` where there are none, or where they cannot share memory. */
  readonly threads: ThreadHost | undefined
}
