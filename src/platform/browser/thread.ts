/** The program of a worker thread in a browser: a module worker. Its parent terminates it. */

import { servePool } from '../../backend/wasm/serve-pool.js'
import type { ThreadStart } from '../../backend/wasm/threads.js'
import { describeFailure } from '../../describe.js'

/** Sent by the thread: it is ready, it has returned from the kernels, or why it failed. */
export type ThreadMessage = 'ready' | 'ended' | { readonly error: string }

const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<ThreadStart>) => void
  postMessage(message: ThreadMessage): void
}

thread.onmessage = async ({ data }) => {
  try {
    await servePool(data, () => thread.postMessage('ready'))
    thread.postMessage('ended')
  } catch (error) {
    thread.postMessage({ error: describeFailure(error) })
  }
}
