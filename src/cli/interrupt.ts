import type { Terminal } from '../platform/terminal.js'

/** The exit code that shells report for a program ended by Ctrl-C: 128 + SIGINT. */
const INTERRUPTED = 130

/**
 * Runs `work` with a signal that is aborted by the first Ctrl-C, so that it can stop cleanly; the second ends the process.
 * Resolves with the exit code.
 */
export async function interruptible(
  terminal: Terminal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<number> {
  const controller = new AbortController()
  const forget = terminal.onInterrupt(() => controller.abort())
  try {
    await work(controller.signal)
  } catch (error) {
    if (!controller.signal.aborted) throw error
  } finally {
    forget()
  }
  return controller.signal.aborted ? INTERRUPTED : 0
}
