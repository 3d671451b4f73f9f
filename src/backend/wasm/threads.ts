/** What a worker of the pool is started with. */
export interface ThreadStart {
  /** The kernels' bytes, importing shared memory. */
  readonly kernels: Uint8Array<ArrayBuffer>
  readonly memory: WebAssembly.Memory
  /** The worker's index, from 1 up. */
  readonly number: number
}

/** A worker's thread, as its runtime provides it. */
export interface Thread {
  /** Resolves with the reason, in words, when it has ended, whether terminated or not. */
  readonly ended: Promise<string>
  /** Terminates it, if it does not return from the kernels very soon. */
  terminate(): void
}

/** A runtime's threads. */
export interface ThreadHost {
  /** Physical cores, without hyper-threads. */
  readonly physicalCores: number
  /** Whether the thread that runs the engine can block: the main thread of a web page cannot. */
  readonly maySleep: boolean
  /**
   * Starts a thread that runs `servePool`; resolves when it is ready. It does not keep the process alive. If the signal is
   * aborted, rejects with its reason and terminates the thread.
   */
  startThread(start: ThreadStart, signal?: AbortSignal): Promise<Thread>
}
