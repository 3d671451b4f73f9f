import type { KernelBuild } from '../backend/wasm/kernel-builds.js'
import type { ThreadHost } from '../backend/wasm/threads.js'
import type { EngineThread } from '../backend/worker/port.js'
import type { LocalFiles } from '../storage/model-source.js'

/** What the engine needs from its runtime. */
export interface Platform extends LocalFiles {
  readonly name: 'node' | 'browser' | 'workerd' | 'edge-light'
  /**
   * Loads the kernels next to the package's JavaScript; compiled only where the runtime does not compile bytes. Rejects with
   * `NOT_FOUND`, `IO` or `BAD_FORMAT`, or with the signal's reason. Default: the baseline.
   */
  loadKernels(
    build?: KernelBuild,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer> | WebAssembly.Module>
  /**
   * 256-bit vectors, which the runtime's engine makes of pairs of 128-bit ones: whether they are enabled, and a function to
   * enable them. `undefined` where they cannot be enabled.
   */
  readonly wideVectors: { readonly enabled: boolean; enable(): boolean } | undefined
  /** Whether this is the main thread of a web page, which an engine would block. */
  readonly isPage: boolean
  /**
   * Starts a thread that serves an engine (`serveEngine`); resolves when it is ready. `undefined` if the runtime has no
   * Workers. If the signal is aborted, rejects with its reason and terminates the thread.
   */
  readonly startEngineThread: ((signal?: AbortSignal) => Promise<EngineThread>) | undefined
  /** The runtime's threads; `undefined` where there are none, or where they cannot share memory. */
  readonly threads: ThreadHost | undefined
}
