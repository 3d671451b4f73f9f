import { smallModel } from '../../model/small.js'

/** The bytes of a model of about 27 MB: loading it takes a while, and there is work for several threads. */
export function modelForThreads(): Uint8Array {
  const shape = { embed: 512, layers: 6, heads: 8, feedForward: 1536, vocab: 4000, context: 512 }
  return smallModel({ shape, format: 'Q8_0' })
}

/** Counts the threads that this process starts from now on; `alive` are those that have not exited. */
export function watchThreads(): { readonly alive: number } {
  const threads = { alive: 0 }
  process.on('worker', (worker) => {
    threads.alive++
    worker.once('exit', () => threads.alive--)
  })
  return threads
}
