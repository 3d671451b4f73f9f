/** The program of a member's thread in a browser: a module worker. */

import { servePool } from '../../backend/wasm/serve-pool.js'
import type { ThreadStart } from '../../backend/wasm/threads.js'
import { describeFailure } from '../../describe.js'

/** What the thread says: that it serves, or why it cannot. */
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
