/** The program of a worker thread in a browser: a module worker. */

import { servePool } from '../../backend/wasm/serve-pool.js'
import type { ThreadStart } from '../../backend/wasm/threads.js'
import { describeFailure } from '../../describe.js'

/** Sent by the thread: it is ready, or why it failed. */
export type ThreadMessage = 'ready' | { readonly error: string }

const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<ThreadStart>) => void
  postMessage(message: ThreadMessage): void
  close(): void
}

thread.onmessage = async ({ data }) => {
  try {
    await servePool(data, () => thread.postMessage('ready'))
  } catch (error) {
    thread.postMessage({ error: describeFailure(error) })
  }
  thread.close()
}
