/** A model loaded and disposed repeatedly: its memory and its threads must be gone each time. */
import { loadModel } from '../../../src/index.js'
import { attackInput, report } from '../support/attempt.js'
import { modelForThreads, watchThreads } from '../support/threads.js'

const { cycles, threads } = attackInput<{ cycles: number; threads: number }>()
const bytes = modelForThreads()
const running = watchThreads()

for (let cycle = 0; cycle < cycles; cycle++) {
  const model = await loadModel(bytes, { threads })
  const session = model.createSession()
  for await (const _ of session.generate('Once', { maxTokens: 2 }));
  // Alternately: with `await using`, and by a call that is not awaited.
  if (cycle % 2 === 0) await model.dispose()
  else void model.dispose()
  const left = cycle % 2 === 0 ? running.alive : 0
  report(left === 0, `${left} threads are alive after cycle ${cycle}`)
}
