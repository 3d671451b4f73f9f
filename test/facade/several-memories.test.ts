import { expect, it } from 'vitest'
import { inspectModel, type LoadOptions, loadModel } from '../../src/index.js'
import { expectSameBits } from '../backend/wasm/load.js'
import { SMALL, smallModel } from '../model/small.js'

const BYTES = smallModel({ shape: { ...SMALL.shape, layers: 4, context: 2048 } })
/** Too small for the model with its session, so that it needs two. */
const DIVIDED: LoadOptions = { memorySize: 3 * 2 ** 20, contextLength: 2048, kernels: 'baseline' }
const PROMPT = Array.from({ length: 150 }, (_, i) => (i * 37) % 400)

it('a model in two memories, also in a Worker, writes and scores as in one, and shares its saved states', async () => {
  const { memory } = await inspectModel(BYTES, DIVIDED)
  expect(memory!.memories.map(({ firstLayer, layers }) => [firstLayer, layers])).toEqual([
    [0, 2],
    [2, 2],
  ])
  const results = []
  let state: Uint8Array | undefined
  for (const options of [{ kernels: 'baseline' }, DIVIDED, { ...DIVIDED, worker: true }] as const) {
    await using model = await loadModel(BYTES, options)
    using session = model.createSession({ seed: 5 })
    await session.eval(PROMPT)
    state ??= await session.save()
    const { ids } = await session.generate(PROMPT, { temp: 0.9, maxTokens: 12 }).result()
    const logits = session.logits()
    using other = model.createSession()
    await other.restore(state)
    await other.eval([1])
    results.push({ ids, logits: [logits, other.logits()], memoryBytes: model.memoryBytes })
    if (options !== DIVIDED) continue
    expect(model.memoryLimit).toBeGreaterThan(4 * 2 ** 20)
    expect(model.memoryLimit).toBeLessThan(2 * 3 * 2 ** 20)
  }
  const [whole, ...divided] = results
  for (const { ids, logits } of divided) {
    expect(ids).toEqual(whole.ids)
    expectSameBits(logits, whole.logits)
  }
})
