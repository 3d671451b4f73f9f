/** What a channel runs over: a Worker, a worker's own global scope, or a port of a message channel. */
export interface Port {
  /** `transfer`: what of the message moves to the other side instead of being copied. */
  post(message: unknown, transfer?: readonly Transferable[]): void
  /** Called once, before the first message. Messages arrive in the order in which they were posted. */
  listen(receive: (message: unknown) => void): void
  /** Whether something is waited for, which must not end the process. Absent where a port never keeps or ends it. */
  setBusy?(isBusy: boolean): void
}

/** A thread for an engine, which serves its port (`serveEngine`). */
export interface EngineThread {
  readonly port: Port
  /** Resolves when it has ended, wanted or not, with why in words. */
  readonly ended: Promise<string>
  /** Ends it at once, with whatever threads it has started. Resolves when they have ended. Idempotent. */
  terminate(): Promise<void>
}
