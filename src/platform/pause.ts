/** What a runtime may offer to get a turn of the event loop. */
export interface Turns {
  readonly setImmediate?: ((callback: () => void) => unknown) | undefined
  readonly MessageChannel?: typeof MessageChannel | undefined
  readonly setTimeout: (callback: () => void, ms: number) => unknown
  /** Cloudflare's name is the only one that counts. */
  readonly userAgent?: string | undefined
  /** Whether it is a page or a worker of one. */
  readonly isBrowser: boolean
}

/**
 * A function that lets the event loop run once: timers, messages, input and rendering that are waiting are served before
 * its promise resolves.
 *
 * - `setImmediate` (Node, Bun, Deno) comes after timers and I/O.
 * - Browsers have message channels. Two messages, one sent when the other arrives: Chromium compares timers with messages
 *   by when they came to its attention, and a timer that went off while we computed comes after the first message.
 *   `scheduler.yield()` would not do, because its continuation goes before timers and messages; nor would a promise.
 * - `setTimeout` remains: workerd serves no timer between messages. Browsers would stretch it to 4 ms.
 */
export function turnOf({ setImmediate, MessageChannel, setTimeout, userAgent, isBrowser }: Turns) {
  if (userAgent === 'Cloudflare-Workers') return byTimeout(setTimeout)
  if (setImmediate) return () => new Promise<void>((resolve) => void setImmediate(resolve))
  return isBrowser && MessageChannel ? byMessages(MessageChannel) : byTimeout(setTimeout)
}

function byTimeout(setTimeout: Turns['setTimeout']) {
  return () => new Promise<void>((resolve) => void setTimeout(resolve, 0))
}

function byMessages(Channel: typeof MessageChannel): () => Promise<void> {
  let channel: MessageChannel | undefined
  const arrived: (() => void)[] = []
  return () => {
    if (!channel) {
      channel = new Channel()
      channel.port1.onmessage = () => arrived.shift()?.()
    }
    const { port2 } = channel
    const message = (then: () => void) => {
      arrived.push(then)
      port2.postMessage(null)
    }
    return new Promise((resolve) => message(() => message(resolve)))
  }
}

/** The runtime's own, taken when the package is imported: tests that replace timers later do not stop the engine. */
const runtime = /* @__PURE__ */ ((): Turns => {
  const { setImmediate, MessageChannel, setTimeout, navigator } = globalThis as Partial<typeof globalThis>
  const { document, WorkerGlobalScope } = globalThis as { document?: unknown; WorkerGlobalScope?: unknown }
  return {
    setImmediate,
    MessageChannel,
    setTimeout: setTimeout as Turns['setTimeout'],
    userAgent: navigator?.userAgent,
    isBrowser: document !== undefined || WorkerGlobalScope !== undefined,
  }
})()

/** Lets the event loop run once; see `turnOf`. */
export const pause = /* @__PURE__ */ turnOf(runtime)
