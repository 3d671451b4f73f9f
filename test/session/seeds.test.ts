import { beforeAll, describe, expect, it } from 'vitest'
import type { Model } from '../../src/index.js'
import { idsOf, loadSmall } from './collect.js'

let model: Model
beforeAll(async () => {
  model = await loadSmall()
})

const PROMPT = 'a tale of random words'
const HOT = { temp: 1.5, topK: 50, maxTokens: 24 }

async function story(seed: number, options = HOT): Promise<readonly number[]> {
  using session = model.createSession({ seed })
  return await idsOf(session.generate(PROMPT, options))
}

describe('a seed', () => {
  it('tells the same story each time', async () => {
    const first = await story(7)
    expect(first).toHaveLength(24)
    expect(await story(7)).toEqual(first)
  })

  it('tells another story than another seed', async () => {
    const stories = await Promise.all([1, 2, 3, 2 ** 32 + 1].map((seed) => story(seed)))
    expect(new Set(stories.map(String)).size).toBe(4)
  })

  it('does not matter to greedy generation', async () => {
    const greedy = { temp: 0, topK: 0, maxTokens: 12 }
    expect(await story(1, greedy)).toEqual(await story(2, greedy))
  })

  it('is chosen at random where none is given, and told, so that the story can be told again', async () => {
    const session = model.createSession()
    const told = await idsOf(session.generate(PROMPT, HOT))
    expect(await story(session.seed)).toEqual(told)
    const others = Array.from({ length: 5 }, () => {
      using other = model.createSession()
      return other.seed
    })
    expect(new Set(others).size).toBeGreaterThan(1)
    session.dispose()
  })

  it('set again replays; otherwise the random numbers continue', async () => {
    const session = model.createSession({ seed: 5 })
    const first = await idsOf(session.generate(PROMPT, HOT))
    const second = await idsOf(session.generate(PROMPT, HOT))
    expect(second).not.toEqual(first)
    session.setSeed(5)
    expect(session.seed).toBe(5)
    expect(await idsOf(session.generate(PROMPT, HOT))).toEqual(first)
    expect(await idsOf(session.generate(PROMPT, HOT))).toEqual(second)
    session.setSeed(6)
    expect(await idsOf(session.generate(PROMPT, HOT))).toEqual(await story(6))
    session.dispose()
  })

  it('is kept by reset, and so is the place in its numbers', async () => {
    const session = model.createSession({ seed: 5 })
    await idsOf(session.generate(PROMPT, HOT))
    await session.reset()
    const afterReset = await idsOf(session.generate(PROMPT, HOT))
    session.setSeed(5)
    await idsOf(session.generate(PROMPT, HOT))
    expect(await idsOf(session.generate(PROMPT, HOT))).toEqual(afterReset)
    session.dispose()
  })
})
