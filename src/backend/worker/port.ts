/** What a channel runs over: a Worker, a worker's own global scope, or a port of a message channel. */
export interface Port {
  /** `transfer`: parts of the message that are transferred instead of copied. */
  post(message: unknown, transfer?: readonly Transferable[]): void
  /** Called once, before the first message. Messages arrive in the order in which they were posted. */
  listen(receive: (message: unknown) => void): void
  /** While busy, the port keeps the process alive. Absent where ports have no influence on that. */
  setBusy?(isBusy: boolean): void
}

/** A thread for an engine, which serves its port (`serveEngine`). */
export interface EngineThread {
  readonly port: Port
  /** Resolves with the reason, in words, when it has ended, whether terminated or not. */
  readonly ended: Promise<string>
  /** Terminates it and all threads that it has started. Resolves when they have ended. Idempotent. */
  terminate(): Promise<void>
}
