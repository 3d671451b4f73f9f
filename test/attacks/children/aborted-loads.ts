/** Loads that are aborted at any time, on several threads: each rejects, and its threads and sources are gone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { loadModel } from '../../../src/index.js'
import { watchedSource } from '../../facade/sources.js'
import { attackInput, report } from '../support/attempt.js'
import { modelForThreads, watchThreads } from '../support/threads.js'

const { loads } = attackInput<{ loads: number }>()
const bytes = modelForThreads()
const running = watchThreads()

for (let index = 0; index < loads; index++) {
  const reason = new Error(`abort ${index}`)
  const controller = new AbortController()
  const { source, state } = watchedSource(bytes)
  // From immediately to the end of a load on a fast machine.
  const abort = sleep(index % 60).then(() => controller.abort(reason))
  const outcome = await loadModel(source, { threads: 4, signal: controller.signal }).catch((error) => error)
  const wasAborted = controller.signal.aborted
  if (!wasAborted) outcome.dispose()
  await abort
  const deadline = Date.now() + 20_000
  while (running.alive > 0 && Date.now() < deadline) await sleep(1)
  const ended = running.alive === 0 && state.closed === (state.reads > 0 ? 1 : state.closed)
  report(
    ended && (!wasAborted || outcome === reason),
    `${index}: ${String(outcome)}, ${running.alive} threads left`,
  )
}
