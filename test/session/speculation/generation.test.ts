import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { GenerateOptions, Model, Speculation } from '../../../src/index.js'
import { recurrentModel } from '../../support/recurrent-model.js'
import { fixCosts, IDS, load, run, wrongAtTimes } from './drafting.js'

const SAMPLINGS: Record<string, GenerateOptions> = {
  greedy: {},
  'with temperature': { temp: 0.3 },
  'with penalties': { temp: 0.5, penalty: 1.05, topK: 5 },
  'with DRY': { temp: 0.2, dryMultiplier: 0.2 },
}

/** Kinds of speculation, made for a model. */
const KINDS: Record<string, (model: Model) => Speculation> = {
  'by lookup': () => 'lookup',
  'with itself as draft model': (model) => ({ draft: model }),
  'with a draft model that errs': (model) => ({ draft: wrongAtTimes(model, 3) }),
}

beforeEach(() => fixCosts())
afterEach(() => void vi.restoreAllMocks())

describe.each(Object.entries(KINDS))('a generation that speculates %s', (_, speculationOf) => {
  it.each(Object.entries(SAMPLINGS))('has the same tokens, %s', async (_, sampling) => {
    await using model = await load()
    await using plain = model.createSession({ seed: 4 })
    await using session = model.createSession({ seed: 4 })
    const prompt = [...IDS.slice(0, 40), ...IDS.slice(10, 30)]
    for (const next of [prompt, undefined, undefined]) {
      const expected = await run(plain, next, sampling)
      expect(await run(session, next, { ...sampling, speculation: speculationOf(model) })).toEqual(expected)
    }
    expect(await session.save()).toEqual(await plain.save())
  })

  it('takes fewer passes', async () => {
    await using model = await load()
    await using session = model.createSession()
    const prompt = IDS.slice(0, 40)
    // Greedy texts of random weights repeat themselves.
    const options = { maxTokens: 200 }
    await run(session, prompt, { ...options, speculation: speculationOf(model) })
    const { nGen, nDrafted, nAccepted } = session.stats()
    expect(nAccepted).toBeGreaterThan(20)
    expect(nDrafted).toBeGreaterThanOrEqual(nAccepted)
    expect(nAccepted).toBeLessThan(nGen)
    await run(session, prompt, options)
    expect(session.stats()).toMatchObject({ nDrafted: 0, nAccepted: 0 })
  })

  it('keeps stop strings, formats and the end of the context', async () => {
    await using model = await load()
    const options: [GenerateOptions, number?][] = [
      [{ stop: [model.piece(20), model.piece(30), model.piece(40), model.piece(50)] }],
      [{ responseFormat: { type: 'grammar', grammar: 'root ::= ("ab" | "ba"){30}' }, ignoreEos: false }],
      [{ maxTokens: 1000 }, 64],
      [{ maxTokens: 7 }],
    ]
    for (const [each, contextLength = 1024] of options) {
      await using plain = model.createSession({ seed: 1, contextLength })
      await using session = model.createSession({ seed: 1, contextLength })
      const expected = await run(plain, IDS.slice(0, 30), { temp: 0.3, ...each })
      expect(
        await run(session, IDS.slice(0, 30), { temp: 0.3, ...each, speculation: speculationOf(model) }),
      ).toEqual(expected)
    }
  })

  it('and whose loop is left early, or that is aborted, leaves no trace of a draft', async () => {
    await using model = await load()
    for (const leaveAfter of [3, 20, 33]) {
      const results: unknown[] = []
      for (const speculation of ['none', speculationOf(model)] as const) {
        await using session = model.createSession({ seed: 2 })
        let count = 0
        for await (const _ of session.generate(IDS.slice(0, 20), { ignoreEos: true, speculation }))
          if (++count === leaveAfter) break
        results.push([session.ids, await session.generate(undefined, { maxTokens: 5 }).result(), session.ids])
      }
      expect(results[1]).toEqual(results[0])
    }
  })

  it('shifts its context as without', async () => {
    await using model = await load()
    const options = { contextLength: 64, contextShift: true, seed: 3 }
    await using plain = model.createSession(options)
    await using session = model.createSession(options)
    const expected = await run(plain, IDS.slice(0, 30), { maxTokens: 150 })
    expect(
      await run(session, IDS.slice(0, 30), { maxTokens: 150, speculation: speculationOf(model) }),
    ).toEqual(expected)
    expect(session.stats().nShifts).toBe(plain.stats().nShifts)
  })

  it('beside others has the same tokens', async () => {
    await using model = await load()
    const prompts = [0, 1, 2, 3].map((i) => IDS.slice(50 * i, 50 * i + 40))
    const results = async (speculation: Speculation) =>
      Promise.all(
        prompts.map(async (prompt, seed) => {
          await using session = model.createSession({ seed })
          return (await run(session, prompt, { temp: 0.3, speculation })).tokens
        }),
      )
    expect(await results(speculationOf(model))).toEqual(await results('none'))
  })

  it('on the relaxed kernels and several threads has the same bits', async () => {
    await using model = await load({ kernels: 'auto', threads: 2 })
    await using plain = model.createSession()
    await using session = model.createSession()
    const expected = await run(plain, IDS.slice(0, 30), { maxTokens: 120 })
    expect(
      await run(session, IDS.slice(0, 30), { maxTokens: 120, speculation: speculationOf(model) }),
    ).toEqual(expected)
  })

  it.each(['kv', 'recurrent', 'hybrid', 'window'] as const)(
    'on a memory of kind %s has the same tokens',
    async (reach) => {
      const { model } = await recurrentModel({ reach, isRemote: reach === 'kv' })
      await using plain = model.createSession({ seed: 5 })
      await using session = model.createSession({ seed: 5 })
      const prompt = [...IDS.slice(0, 40), ...IDS.slice(10, 30)]
      const expected = await run(plain, prompt, { temp: 0.2, topK: 3 })
      expect(await run(session, prompt, { temp: 0.2, topK: 3, speculation: speculationOf(model) })).toEqual(
        expected,
      )
    },
  )

  it('goes on without drafts where these find no memory', async () => {
    const { model, executable } = await recurrentModel({ reach: 'kv' })
    await using plain = model.createSession({ seed: 5 })
    const prompt = IDS.slice(0, 60)
    const expected = await plain.generate(prompt, { maxTokens: 30, ignoreEos: true }).result()
    await plain.dispose()
    await using session = model.createSession({ seed: 5 })
    executable.memoryLimit = executable.bytesInUse + (60 + 29) * 64
    const { ids } = await session
      .generate(prompt, { maxTokens: 30, ignoreEos: true, speculation: speculationOf(model) })
      .result()
    expect(ids).toEqual(expected.ids)
  })
})
