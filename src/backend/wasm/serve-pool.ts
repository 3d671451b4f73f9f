import { instantiateKernels } from './kernels.js'
import type { ThreadStart } from './threads.js'

/** The program of a worker thread: joins the pool and serves it, blocking, until the pool shuts down. */
export async function servePool(
  { kernels, memory, number }: ThreadStart,
  onReady: () => void,
): Promise<void> {
  const { pool_serve } = await instantiateKernels(kernels, memory)
  onReady()
  pool_serve(number)
}
