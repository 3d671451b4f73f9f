import type { GgufLayout } from '../gguf/writer.js'
import type { ByteSource } from '../storage/source.js'
import type { CreateOutput } from './output-file.js'
import { type StartThread, Workers } from './workers.js'
import { type TensorCopy, type WriteOptions, writeTensors } from './write-tensors.js'

/** How a file is written. */
export interface WritingOptions extends Omit<WriteOptions, 'workers'> {
  /** Whether an existing file is replaced. */
  readonly replace: boolean
  /** Number of threads that convert. */
  readonly threads: number
  readonly startThread: StartThread
}

/**
 * Writes a file under a temporary name, which becomes `path` at the end: after a failure or an abort nothing is left. Rejects
 * as `createOutput` and `writeTensors` do, and with `IO` for an input that has changed meanwhile.
 */
export async function writeFile(
  path: string,
  layout: GgufLayout<TensorCopy>,
  createOutput: CreateOutput,
  options: WritingOptions & { readonly inputs: readonly ByteSource[] },
): Promise<void> {
  const { inputs, threads, replace, startThread, signal } = options
  signal?.throwIfAborted()
  const names = inputs.map(({ name }) => name)
  const output = await createOutput(path, { size: layout.size, replace, inputs: names })
  let workers: Workers | undefined
  // Threads do not see the signal.
  const end = () => void workers?.end()
  signal?.addEventListener('abort', end, { once: true })
  try {
    workers = await Workers.start(threads, startThread, signal)
    await writeTensors(layout, output, { ...options, workers })
    for (const input of inputs) await input.checkUnchanged?.()
    signal?.throwIfAborted()
    await output.finish()
  } catch (error) {
    await output.abandon()
    // What a thread fails with that has been ended is not the reason.
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', end)
    await workers?.end()
  }
}
