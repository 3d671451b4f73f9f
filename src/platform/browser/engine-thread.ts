/** The program of an engine's thread in a browser: a module worker. */

import { serveEngine } from '../../backend/worker/serve-engine.js'
import type { EngineThreadStart } from './engine-threads.js'
import { platform } from './platform.js'

const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent) => void
  postMessage(message: unknown, transfer?: Transferable[]): void
}

/** Acquires a lock and holds it until the thread ends; resolves when it is held. */
function holdLock(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(name, () => {
      resolve()
      return new Promise(() => {})
    })
    held.catch(reject)
  })
}

thread.onmessage = async ({ data }: MessageEvent<EngineThreadStart>) => {
  let receive: (message: unknown) => void = () => {}
  thread.onmessage = ({ data }) => receive(data)
  serveEngine(
    {
      post: (message, transfer = []) => thread.postMessage(message, [...transfer]),
      listen(listener) {
        receive = listener
      },
    },
    platform,
  )
  if (data.lock !== undefined) await holdLock(data.lock)
  thread.postMessage('ready')
}
