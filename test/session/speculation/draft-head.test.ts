/** Speculation by a model's own head: what is generated never changes, only how many passes it takes. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createChat, type GenerateOptions, loadModel, type Model, type Warning } from '../../../src/index.js'
import { HeadText } from '../../../src/session/speculation/head-text.js'
import { type DraftHeadModelOptions, draftHeadModel } from '../../support/draft-head-model.js'
import { fixCosts, IDS, run } from './drafting.js'

beforeEach(() => fixCosts())
afterEach(() => void vi.restoreAllMocks())

const MTP = { speculation: 'mtp' } as const
const PROMPT = IDS.slice(0, 40)

/** Guesses that are often right. */
const USEFUL: DraftHeadModelOptions = { layerScale: 0.1, stateShare: 0.1 }

function load(model: DraftHeadModelOptions = USEFUL, options: Parameters<typeof loadModel>[1] = {}): Promise<Model> {
  const settings = { threads: 1, worker: false, kernels: 'baseline', draftHead: true } as const
  return loadModel(draftHeadModel(model), { ...settings, ...options })
}

describe('the head of a model', () => {
  it('guesses what the model is about to write, if it knows', async () => {
    await using model = await load({ layerScale: 0, stateShare: 0 })
    await using session = model.createSession({ seed: 3 })
    await run(session, PROMPT, { ...MTP, maxTokens: 100 })
    const { nDrafted, nAccepted } = session.stats()
    expect(nAccepted).toBe(nDrafted)
    expect(nAccepted).toBeGreaterThan(80)
  })

  it.each<[string, GenerateOptions]>([
    ['greedy', {}],
    ['sampled', { temp: 0.8, topK: 20 }],
    ['sampled with penalties', { temp: 0.7, penalty: 1.3 }],
  ])('changes nothing: %s', async (_, options) => {
    await using model = await load()
    await using plain = model.createSession({ seed: 5 })
    await using session = model.createSession({ seed: 5 })
    const expected = await run(plain, PROMPT, { ...options, maxTokens: 120 })
    expect(await run(session, PROMPT, { ...options, ...MTP, maxTokens: 120 })).toEqual(expected)
    const { nDrafted, nAccepted } = session.stats()
    console.log(nDrafted, nAccepted)
    expect(nAccepted).toBeGreaterThan(10)
    expect(nAccepted).toBeLessThan(nDrafted)
  })
})
