import { Worker } from 'node:worker_threads'
import type { EngineThread } from '../../backend/worker/port.js'

/** Starts a worker that serves an engine, with the program at `program`. While idle it does not keep the process alive. */
export async function startEngineThread(program: URL, signal?: AbortSignal): Promise<EngineThread> {
  signal?.throwIfAborted()
  // Without the process's loaders and flags: the program is plain JavaScript.
  const worker: Worker = Reflect.construct(Worker, [program, { execArgv: [] }])
  const ended = new Promise<string>((end) => {
    worker.once('error', (error: Error) => end(error.message))
    worker.once('exit', (code) => end(`exit code ${code}`))
  })
  let receive: (message: unknown) => void = () => {}
  const abort = () => void worker.terminate()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const ready = new Promise((resolve) => worker.once('message', resolve))
    const failure = await Promise.race([ready.then(() => undefined), ended])
    signal?.throwIfAborted()
    if (failure !== undefined) throw new Error(failure)
  } finally {
    signal?.removeEventListener('abort', abort)
  }
  worker.on('message', (message) => receive(message))
  worker.unref()
  return {
    port: {
      post: (message, transfer = []) => worker.postMessage(message, transfer as []),
      listen(listener) {
        receive = listener
      },
      setBusy: (isBusy) => (isBusy ? worker.ref() : worker.unref()),
    },
    ended,
    async terminate() {
      await worker.terminate()
    },
  }
}
