import type { Thread, ThreadStart } from '../../backend/wasm/threads.js'
import type { ThreadMessage } from './thread.js'

/** Milliseconds that a worker has to return from the kernels, before it is terminated. */
const GRACE_MS = 1000
/** Milliseconds that a worker which has returned stays, idle, where this thread may end too. */
const IDLE_MS = 300

/**
 * Starts a module worker that serves a pool. Resolves when it is ready; rejects if the page may not start it.
 *
 * In Chromium, a worker whose parent ends is left running for good if it is blocked in the kernels, or ending already: of
 * 20 models that were disposed one after another, 3 to 7 left their two workers (Chromium 156, 2026-11). One that is idle ends
 * with its parent. So workers return from the kernels, and are terminated only a little later.
 */
export async function startThread(start: ThreadStart, signal?: AbortSignal): Promise<Thread> {
  const worker = new Worker(new URL('./browser-thread.js', import.meta.url), { type: 'module' })
  let end: (reason: string, idleMs?: number) => void = () => {}
  const ended = new Promise<string>((resolve) => {
    end = (reason, idleMs = 0) => {
      if (idleMs > 0) setTimeout(() => worker.terminate(), idleMs)
      else worker.terminate()
      resolve(reason)
    }
  })
  const terminate = () => {
    const timer = setTimeout(() => end('it was terminated'), GRACE_MS)
    void ended.then(() => clearTimeout(timer))
  }
  const starting = new Promise<Thread>((resolve, reject) => {
    void ended.then((reason) => reject(new Error(reason)))
    worker.onerror = (event) => {
      // Otherwise it is also an uncaught error of the page.
      event.preventDefault()
      end(event.message || 'its script cannot be loaded')
    }
    worker.onmessage = ({ data }: MessageEvent<ThreadMessage>) => {
      if (data === 'ready') resolve({ ended, terminate })
      else if (data === 'ended') end('it has returned', isPage() ? 0 : IDLE_MS)
      else end(data.error)
    }
    worker.postMessage(start)
  })
  const abort = () => end('its start was aborted')
  signal?.addEventListener('abort', abort, { once: true })
  return starting.finally(() => signal?.removeEventListener('abort', abort))
}

function isPage(): boolean {
  return globalThis.document !== undefined
}
