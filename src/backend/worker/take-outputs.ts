import { following } from '../../abortable.js'
import type { TakeOutput } from '../batch.js'
import type { Messages } from './channel.js'
import type { OutputGroup, StateNotice, TakenNotice } from './messages.js'

/**
 * Sends a request whose events are `OutputGroup`s, and calls `take` with each output. Resolves with the milliseconds spent
 * computing. `settle` is called with each state that arrives, and without one once the request cannot fail any more.
 */
export async function takeOutputs(
  channel: Messages,
  { name, request }: { readonly name: string; readonly request: unknown },
  { run, take, signal: outer }: { run: number; take: TakeOutput; signal: AbortSignal | undefined },
  settle: (state: StateNotice | undefined) => void,
): Promise<number> {
  // Also aborted when `take` fails: the other side is waiting for it, and then fails.
  const controller = following(outer)
  const { signal } = controller
  const isOver = () => signal.aborted || channel.isClosed()
  /** Returns whether it was the last group. */
  const takeGroup = async ({ rows, buffer, width, ms, state }: OutputGroup): Promise<boolean> => {
    for (const [index, row] of rows.entries()) {
      if (isOver()) return false
      const taking = take(row, new Float32Array(buffer, index * width * 4, width), ms)
      if (taking) await taking
    }
    if (isOver()) return false
    const taken: TakenNotice = { run, buffer }
    channel.notify('executable.taken', taken, [buffer])
    return state !== undefined
  }
  let failure: { readonly error: unknown } | undefined
  let taking: Promise<unknown> = Promise.resolve()
  try {
    return await new Promise<number>((resolve, reject) => {
      const onEvent = (group: OutputGroup) => {
        if (group.state) settle(group.state)
        taking = taking
          .then(() => takeGroup(group))
          .then((isDone) => {
            if (!isDone) return
            // It cannot fail any more.
            settle(undefined)
            resolve(group.ms)
          })
          .catch((error) => {
            failure ??= { error }
            controller.abort()
          })
      }
      channel.request<number>(name, request, { signal, onEvent }).then(resolve, reject)
    })
  } catch (error) {
    // It must not end while `take` is running.
    await taking
    throw failure ? failure.error : error
  } finally {
    controller.release()
  }
}
