/** What some runtimes offer beyond the web's common ground. */
interface Schedulers {
  setImmediate?: (callback: () => void) => unknown
  scheduler?: { yield?: () => Promise<void> }
}

/**
 * Lets the runtime handle what is waiting (timers, clicks, sockets) and comes back at once. A promise alone would
 * not do: its continuation runs before any of them. `setTimeout` is the last choice, for browsers stretch it to 4 ms.
 */
export function pause(): Promise<void> {
  const { setImmediate, scheduler } = globalThis as Schedulers
  if (setImmediate) return new Promise((resolve) => setImmediate(resolve))
  if (scheduler?.yield) return scheduler.yield()
  if (typeof MessageChannel === 'undefined') return new Promise((resolve) => setTimeout(resolve, 0))
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}
