import { beforeAll, describe, expect, it } from 'vitest'
import type { Model } from '../../src/index.js'
import { VOCAB } from '../model/small.js'
import { logProbabilities } from '../support/logits.js'
import { randomIds } from '../support/random-models.js'
import { collect, loadSmall } from './collect.js'

let model: Model
beforeAll(async () => {
  model = await loadSmall()
})

/** More than one batch. */
const IDS = randomIds(150, VOCAB, 'score')

/** The log-probability of each id after those before it, by `eval` and `logits` one at a time. */
async function oneByOne(ids: readonly number[]): Promise<number[]> {
  using session = model.createSession()
  const scores = [Number.NaN]
  for (const [i, id] of ids.entries()) {
    await session.eval([id])
    if (i + 1 < ids.length) scores.push(logProbabilities(session.logits())[ids[i + 1]])
  }
  return scores
}

describe('score', () => {
  // One by one, tokens go through other kernels: 6e-5 measured.
  it('is the log-probability of every id after those before it', async () => {
    using session = model.createSession()
    const expected = await oneByOne(IDS)
    const scores = await session.score(IDS)
    expect(scores).toBeInstanceOf(Float64Array)
    expect(scores[0]).toBeNaN()
    for (let i = 1; i < IDS.length; i++) expect(scores[i], `id ${i}`).toBeCloseTo(expected[i], 3)
  })

  it('leaves the session where eval does, to the last bit', async () => {
    using scored = model.createSession()
    using evaluated = model.createSession()
    await scored.score(IDS)
    await evaluated.eval(IDS)
    expect(scored.ids).toEqual(evaluated.ids)
    expect(scored.logits()).toEqual(evaluated.logits())
  })

  it('goes on after what has been evaluated, whose logits score the first id', async () => {
    using session = model.createSession()
    await session.eval(IDS.slice(0, 20))
    const first = logProbabilities(session.logits())[IDS[20]]
    const rest = await session.score(IDS.slice(20))
    expect(rest[0]).toBeCloseTo(first, 10)
    using whole = model.createSession()
    expect(rest[100]).toBeCloseTo((await whole.score(IDS))[120], 4)
  })

  it('includes the token that a generation has left unevaluated', async () => {
    using session = model.createSession()
    const generation = session.generate(IDS.slice(0, 8), { maxTokens: 3 })
    await collect(generation)
    const position = session.position
    const [score] = await session.score([5])
    expect(session.position).toBe(position + 2)
    using other = model.createSession()
    await other.eval([...IDS.slice(0, 8), ...generation.ids])
    expect(score).toBeCloseTo(logProbabilities(other.logits())[5], 4)
  })

  it.each([0, 1, 60, 127, 128, 129, 149, 150])(
    'of ids from number %i on are the same numbers',
    async (from) => {
      using all = model.createSession()
      using some = model.createSession()
      const expected = await all.score(IDS)
      const scores = await some.score(IDS, { from })
      for (const [i, score] of scores.entries()) expect(score).toBe(i < from ? Number.NaN : expected[i])
      expect(some.logits()).toEqual(all.logits())
    },
  )

  it('refuses what eval refuses, and more than there is room for, before it evaluates anything', async () => {
    using session = model.createSession({ contextLength: 16, contextShift: true })
    await expect(session.score([])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(session.score([VOCAB])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(session.score([1], { from: 2 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(session.score(IDS.slice(0, 17))).rejects.toMatchObject({ code: 'CONTEXT_FULL' })
    expect(session.position).toBe(0)
  })

  it('stops at a signal, and is busy meanwhile', async () => {
    using session = model.createSession()
    await expect(session.score(IDS, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough')
    const scoring = session.score(IDS)
    expect(session.isBusy).toBe(true)
    await expect(session.score([1])).rejects.toMatchObject({ code: 'BUSY' })
    await scoring
    expect(session.isBusy).toBe(false)
  })
})
