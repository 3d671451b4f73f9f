/** What a member of a team needs to begin. */
export interface ThreadStart {
  /** The kernels' bytes, importing shared memory. */
  readonly kernels: Uint8Array<ArrayBuffer>
  readonly memory: WebAssembly.Memory
  /** The member's number, 1 and up. */
  readonly number: number
}

/** A member's thread, as its runtime sees it. */
export interface Thread {
  /** Resolves when it has ended, wanted or not, with why in words. */
  readonly ended: Promise<string>
  /** Ends it at once. */
  terminate(): void
}

/** How a runtime makes threads. */
export interface ThreadHost {
  /** Cores that do not share their units with another one. */
  readonly physicalCores: number
  /** Whether the thread that runs the engine may sleep: the main thread of a web page may not. */
  readonly maySleep: boolean
  /**
   * Starts a thread that serves (`servePool`); resolves when it has got that far. It keeps no process alive. An aborted
   * signal ends it and rejects with its reason.
   */
  startThread(start: ThreadStart, signal?: AbortSignal): Promise<Thread>
}
