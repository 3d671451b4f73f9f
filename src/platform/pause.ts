/** Globals with which a runtime can run the event loop once. */
export interface PauseGlobals {
  readonly setImmediate?: ((callback: () => void) => unknown) | undefined
  readonly MessageChannel?: typeof MessageChannel | undefined
  readonly setTimeout: (callback: () => void, ms: number) => unknown
  /** Only Cloudflare's is used. */
  readonly userAgent?: string | undefined
  /** Whether this is a page or a page's worker. */
  readonly isBrowser: boolean
}

/**
 * A function that yields to the event loop once: pending timers, messages, input and rendering are served before its promise
 * resolves.
 *
 * - Node, Bun, Deno: `setImmediate` runs after timers and I/O.
 * - Browsers: two messages over a channel, the second sent when the first arrives. Chromium orders timers and messages by
 *   when it notices them, and notices a timer that expired during our computation only after the first message.
 *   `scheduler.yield()` does not work, because its continuation runs before timers and messages; neither does a promise.
 * - Otherwise `setTimeout`: workerd serves no timers between messages. Browsers would clamp it to 4 ms.
 */
export function pauseWith({ setImmediate, MessageChannel, setTimeout, userAgent, isBrowser }: PauseGlobals) {
  if (userAgent === 'Cloudflare-Workers') return byTimeout(setTimeout)
  if (setImmediate) return () => new Promise<void>((resolve) => void setImmediate(resolve))
  return isBrowser && MessageChannel ? byMessages(MessageChannel) : byTimeout(setTimeout)
}

function byTimeout(setTimeout: PauseGlobals['setTimeout']) {
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

/** Captured when the package is imported, so that tests that mock timers later do not stop the engine. */
const runtime = /* @__PURE__ */ ((): PauseGlobals => {
  const { setImmediate, MessageChannel, setTimeout, navigator } = globalThis as Partial<typeof globalThis>
  const { document, WorkerGlobalScope } = globalThis as { document?: unknown; WorkerGlobalScope?: unknown }
  return {
    // Next's edge runtime has one that throws.
    setImmediate: 'EdgeRuntime' in globalThis ? undefined : setImmediate,
    MessageChannel,
    setTimeout: setTimeout as PauseGlobals['setTimeout'],
    userAgent: navigator?.userAgent,
    isBrowser: document !== undefined || WorkerGlobalScope !== undefined,
  }
})()

/** Yields to the event loop once; see `pauseWith`. */
export const pause = /* @__PURE__ */ pauseWith(runtime)
