import type { EngineThread } from '../../backend/worker/port.js'

/** The first message to an engine's thread. */
export interface EngineThreadStart {
  /** Name of the lock that the thread must hold, if the browser has locks. */
  readonly lock: string | undefined
}

/**
 * Starts a module worker that serves an engine.
 *
 * A browser does not report the end of a worker. But a worker's locks are released however it ends, so the page waits for
 * one of its locks.
 */
export function startEngineThread(signal?: AbortSignal): Promise<EngineThread> {
  const worker = new Worker(new URL('./browser-engine-thread.js', import.meta.url), { type: 'module' })
  const lock = lockName()
  let end: (reason: string) => void = () => {}
  const ended = new Promise<string>((resolve) => {
    end = resolve
  })
  const watching = new AbortController()
  const terminate = (reason: string) => {
    worker.terminate()
    watching.abort()
    end(reason)
  }
  let receive: (message: unknown) => void = () => {}
  const starting = new Promise<EngineThread>((resolve, reject) => {
    void ended.then((reason) => reject(new Error(reason)))
    worker.onerror = (event) => {
      event.preventDefault()
      terminate(event.message || 'its script cannot be loaded')
    }
    worker.onmessage = ({ data }) => {
      if (data !== 'ready') return receive(data)
      if (lock !== undefined) void releaseOf(lock, watching.signal).then(() => terminate('it has ended'))
      resolve({
        port: {
          post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
          listen(listener) {
            receive = listener
          },
        },
        ended,
        terminate: async () => terminate('it was terminated'),
      })
    }
    worker.postMessage({ lock } satisfies EngineThreadStart)
  })
  const abort = () => terminate('its start was aborted')
  signal?.addEventListener('abort', abort, { once: true })
  return starting.finally(() => signal?.removeEventListener('abort', abort))
}

/** Locks and `randomUUID` exist only in secure contexts. */
function lockName(): string | undefined {
  return globalThis.navigator?.locks && `dasllama-engine-${crypto.randomUUID()}`
}

/** Resolves when the lock is released; never if `signal` is aborted first. */
function releaseOf(lock: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    navigator.locks.request(lock, { signal }, () => resolve()).catch(() => {})
  })
}
