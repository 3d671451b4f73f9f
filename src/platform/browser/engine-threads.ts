import type { EngineThread } from '../../backend/worker/port.js'
import { describeFailure } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import { Heartbeat } from './heartbeat.js'

/** The first message to an engine's thread. */
export interface EngineThreadStart {
  /** Name of the lock that the thread must hold, if the browser has locks. */
  readonly lock: string | undefined
}

/** The messages of an engine's thread that are not its channel's: it can serve an engine, it answers `PING`, it ends. */
export type EngineThreadMessage =
  | { readonly kind: 'ready'; readonly holdsLock: boolean }
  | { readonly kind: 'pong' }
  | { readonly kind: 'ended' }

/** Answered with a `pong`. */
export const PING = { kind: 'ping' } as const
/** Ends the thread after its own threads. */
export const END = { kind: 'end' } as const

/** Milliseconds that it has for that. */
const GRACE_MS = 3000

/** Starts a module worker that serves an engine. Rejects with `UNSUPPORTED` if it cannot be started. */
export async function startEngineThread(signal?: AbortSignal): Promise<EngineThread> {
  signal?.throwIfAborted()
  try {
    // Some of what forbids a worker is thrown by its constructor, and some is an event.
    const worker = new Worker(new URL('./browser-engine-thread.js', import.meta.url), { type: 'module' })
    return await connect(worker, signal)
  } catch (cause) {
    signal?.throwIfAborted()
    throw new DasllamaError('UNSUPPORTED', describeFailure(cause), { hint: HINT, cause })
  }
}

const HINT =
  "serve browser-engine-thread.js next to index.js, from the page's origin, with a Cross-Origin-Embedder-Policy if the page has one, and allow it in the page's Content Security Policy (worker-src, Trusted Types)"

/**
 * Resolves when the worker is ready.
 *
 * A browser does not report the end of a worker. But a worker's locks are released however it ends, so the page waits for
 * one of its locks. Without locks, it asks whether the worker still answers.
 */
function connect(worker: Worker, signal: AbortSignal | undefined): Promise<EngineThread> {
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
      // Otherwise it is also an uncaught error of the page.
      event.preventDefault()
      terminate(event.message || 'its script cannot be loaded')
    }
    worker.onmessageerror = () => terminate('a message of it cannot be read')
    worker.onmessage = ({ data: { holdsLock } }: MessageEvent<{ holdsLock: boolean }>) => {
      const heartbeat = holdsLock
        ? undefined
        : new Heartbeat({
            ping: () => worker.postMessage(PING),
            onSilence: () => terminate('it does not answer any more'),
            signal: watching.signal,
          })
      if (holdsLock) void releaseOf(lock!, watching.signal).then(() => terminate('it was terminated'))
      worker.onmessage = ({ data }: MessageEvent<{ kind?: unknown }>) => {
        heartbeat?.beat()
        if (data.kind === 'ended') terminate('it was terminated')
        else if (data.kind !== 'pong') receive(data)
      }
      resolve({
        port: {
          post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
          listen(listener) {
            receive = listener
          },
          setBusy: (isBusy) => heartbeat?.setBusy(isBusy),
        },
        ended,
        async terminate() {
          // Chromium would leave threads of it that wait (see `startThread`).
          worker.postMessage(END)
          const timer = setTimeout(() => terminate('it was terminated'), GRACE_MS)
          await ended
          clearTimeout(timer)
        },
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
