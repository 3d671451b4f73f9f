import type { Thread, ThreadStart } from '../../backend/wasm/threads.js'
import type { ThreadMessage } from './thread.js'

/** Milliseconds that a worker has to return from the kernels, before it is terminated. */
const GRACE_MS = 1000

/**
 * Starts a module worker that serves a pool. Resolves when it is ready.
 *
 * A worker that has been told to end returns by itself. Only one that does not is terminated, because Chromium terminates a
 * worker that is blocked in the kernels only after two seconds, and never if its parent has ended meanwhile (2026-11).
 */
export function startThread(start: ThreadStart, signal?: AbortSignal): Promise<Thread> {
  const worker = new Worker(new URL('./browser-thread.js', import.meta.url), { type: 'module' })
  let end: (reason: string) => void = () => {}
  const ended = new Promise<string>((resolve) => {
    end = (reason) => {
      worker.terminate()
      resolve(reason)
    }
  })
  const terminate = () => void setTimeout(() => end('it was terminated'), GRACE_MS)
  const starting = new Promise<Thread>((resolve, reject) => {
    void ended.then((reason) => reject(new Error(reason)))
    worker.onerror = (event) => {
      // Otherwise it is also an uncaught error of the page.
      event.preventDefault()
      end(event.message || 'its script cannot be loaded')
    }
    worker.onmessage = ({ data }: MessageEvent<ThreadMessage>) => {
      if (data === 'ready') resolve({ ended, terminate })
      else end(data === 'ended' ? 'it has returned' : data.error)
    }
    worker.postMessage(start)
  })
  const abort = () => end('its start was aborted')
  signal?.addEventListener('abort', abort, { once: true })
  return starting.finally(() => signal?.removeEventListener('abort', abort))
}
