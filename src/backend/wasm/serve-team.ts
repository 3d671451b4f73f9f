import { instantiateKernels } from './kernels.js'
import type { ThreadStart } from './threads.js'

/** The program of a member's thread: takes its place in the team and serves, blocking, until it is dismissed. */
export async function serveTeam(
  { kernels, memory, number }: ThreadStart,
  onReady: () => void,
): Promise<void> {
  const { team_serve } = await instantiateKernels(kernels, memory)
  onReady()
  team_serve(number)
}
