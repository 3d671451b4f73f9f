/** Loads that are aborted at any time, on several threads: each rejects, and its threads and sources are gone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { loadModel } from '../../../src/index.js'
import { watchedSource } from '../../facade/sources.js'
import { smallModel } from '../../model/small.js'
import { attackInput, report } from '../support/attempt.js'

const { loads } = attackInput<{ loads: number }>()
const SHAPE = { embed: 512, layers: 6, heads: 8, feedForward: 1536, vocab: 4000, context: 512 }
const bytes = smallModel({ shape: SHAPE, format: 'Q8_0' })

let alive = 0
process.on('worker', (worker) => {
  alive++
  worker.once('exit', () => alive--)
})

for (let index = 0; index < loads; index++) {
  const reason = new Error(`abort ${index}`)
  const controller = new AbortController()
  const { source, state } = watchedSource(bytes)
  // From at once to where a load is over on a fast machine.
  const abort = sleep(index % 60).then(() => controller.abort(reason))
  const outcome = await loadModel(source, { threads: 4, signal: controller.signal }).catch((error) => error)
  const wasAborted = controller.signal.aborted
  if (!wasAborted) outcome.dispose()
  await abort
  const deadline = Date.now() + 20_000
  while (alive > 0 && Date.now() < deadline) await sleep(1)
  const ended = alive === 0 && state.closed === (state.reads > 0 ? 1 : state.closed)
  report(ended && (!wasAborted || outcome === reason), `${index}: ${String(outcome)}, ${alive} threads left`)
}
