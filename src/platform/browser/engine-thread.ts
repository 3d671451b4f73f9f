/** The program of an engine's thread in a browser: a module worker. */

import { serveEngine } from '../../backend/worker/serve-engine.js'
import { createPlatform } from './create-platform.js'
import { END, type EngineThreadMessage, type EngineThreadStart, PING } from './engine-threads.js'

const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent) => void
  onmessageerror: () => void
  postMessage(message: unknown, transfer?: Transferable[]): void
  close(): void
}

const send = (message: EngineThreadMessage) => thread.postMessage(message)

/** Acquires a lock and holds it until the thread ends. Resolves with whether it is held. */
function holdLock(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const held = navigator.locks.request(name, () => {
      resolve(true)
      return new Promise(() => {})
    })
    // Browsers that block a site's storage refuse locks too.
    held.catch(() => resolve(false))
  })
}

thread.onmessage = async ({ data }: MessageEvent<EngineThreadStart>) => {
  let receive: (message: unknown) => void = () => {}
  thread.onmessage = ({ data }) => {
    if (data.kind === PING.kind) send({ kind: 'pong' })
    else if (data.kind === END.kind) void end()
    else receive(data)
  }
  // Its sender would wait for an answer: an uncaught error ends the thread.
  thread.onmessageerror = () => {
    throw new Error('a message to it cannot be read')
  }
  const engine = serveEngine(
    {
      post: (message, transfer = []) => thread.postMessage(message, [...transfer]),
      listen(listener) {
        receive = listener
      },
    },
    createPlatform(undefined),
  )
  const end = async () => {
    await engine.end()
    send({ kind: 'ended' })
    thread.close()
  }
  send({ kind: 'ready', holdsLock: data.lock !== undefined && (await holdLock(data.lock)) })
}
