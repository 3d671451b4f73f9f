import { instantiateKernels } from './kernels.js'
import type { ThreadStart } from './threads.js'

/** The program of a member's thread: takes its place in the team and serves, blocking, until it is dismissed. */
export async function servePool(
  { kernels, memory, number }: ThreadStart,
  onReady: () => void,
): Promise<void> {
  const { pool_serve } = await instantiateKernels(kernels, memory)
  onReady()
  pool_serve(number)
}
