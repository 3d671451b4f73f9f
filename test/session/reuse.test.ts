import { beforeAll, describe, expect, it } from 'vitest'
import type { GenerateOptions, Model } from '../../src/index.js'
import { VOCAB } from '../model/small.js'
import { idsOf, loadSmall } from './collect.js'

let model: Model
beforeAll(async () => {
  model = await loadSmall()
})

const HOT: GenerateOptions = { temp: 1, topK: 80, penalty: 1.3, maxTokens: 16 }

function ids(count: number, step = 61): number[] {
  return Array.from({ length: count }, (_, i) => 3 + ((5 + i * step) % (VOCAB - 3)))
}

/** What a session that has been through nothing makes of a prompt: its tokens, and the logits after them. */
async function fresh(prompt: readonly number[]) {
  using session = model.createSession({ seed: 4 })
  const generated = await idsOf(session.generate(prompt, HOT))
  return { generated, logits: session.logits() }
}

describe('a prompt that shares a prefix with the session', () => {
  it('is evaluated after the shared prefix', async () => {
    using session = model.createSession()
    await idsOf(session.generate(ids(100), HOT))
    expect(session.stats()).toMatchObject({ nPrompt: 100, nCached: 0 })
    await idsOf(session.generate(ids(130), HOT))
    expect(session.stats()).toMatchObject({ nPrompt: 30, nCached: 100 })
    await idsOf(session.generate([...ids(70), ...ids(9, 17)], HOT))
    expect(session.stats()).toMatchObject({ nPrompt: 9, nCached: 70 })
    await idsOf(session.generate(ids(10, 17), HOT))
    expect(session.stats()).toMatchObject({ nPrompt: 9, nCached: 1 })
    await idsOf(session.generate(ids(50, 7), { maxTokens: 1 }))
    await idsOf(session.generate([399, ...ids(50, 7)], { maxTokens: 1 }))
    expect(session.stats()).toMatchObject({ nPrompt: 51, nCached: 0 })
  })

  it('or is identical costs one token, whose logits are needed', async () => {
    using session = model.createSession()
    await session.eval(ids(80))
    const logits = session.logits()
    await idsOf(session.generate(ids(80), { maxTokens: 0 }))
    expect(session.stats()).toMatchObject({ nPrompt: 1, nCached: 79 })
    expect(session.logits()).toEqual(logits)
    // A part of it, too.
    await idsOf(session.generate(ids(20), { maxTokens: 0 }))
    expect(session.stats()).toMatchObject({ nPrompt: 1, nCached: 19 })
    expect(session.position).toBe(20)
  })

  it.each([
    ['of text', 'the beginning of a text that goes on'],
    ['of few tokens', 'a'],
  ])('%s', async (_, text) => {
    using session = model.createSession()
    const first = await idsOf(session.generate(text, { maxTokens: 4 }))
    expect(await idsOf(session.generate(text, { maxTokens: 4 }))).toEqual(first)
    expect(session.stats()).toMatchObject({ nPrompt: 1, nCached: model.encode(text).length - 1 })
  })
})

describe('a session with earlier tokens', () => {
  /** Prompts of 1 to 150 tokens that share beginnings of all lengths with what went before them. */
  const prompts = [
    ids(100),
    ids(101),
    ids(3),
    ids(2),
    ids(103),
    ids(66),
    ids(65),
    ids(1),
    ids(150),
    [...ids(64), ...ids(3, 17)],
    ids(129),
    ids(4),
    ids(3),
    ids(70),
  ]

  it('generates the bits of a fresh one, whatever it can reuse', async () => {
    using session = model.createSession({ seed: 4 })
    let reused = 0
    for (const prompt of prompts) {
      session.setSeed(4)
      const generated = await idsOf(session.generate(prompt, HOT))
      const expected = await fresh(prompt)
      expect(generated).toEqual(expected.generated)
      expect(session.logits()).toEqual(expected.logits)
      reused += session.stats().nCached
    }
    expect(reused).toBeGreaterThan(300)
  })

  it('evaluates generated tokens again in a prompt, because its phase is another', async () => {
    using session = model.createSession({ seed: 4 })
    const generated = await idsOf(session.generate(ids(50), HOT))
    const prompt = [...ids(50), ...generated, ...ids(8, 17)]
    session.setSeed(4)
    const after = await idsOf(session.generate(prompt, HOT))
    expect(session.stats()).toMatchObject({ nCached: 50, nPrompt: 24 })
    const expected = await fresh(prompt)
    expect(after).toEqual(expected.generated)
    expect(session.logits()).toEqual(expected.logits)
    // Now they have been a prompt.
    await idsOf(session.generate([...prompt, 7], HOT))
    expect(session.stats()).toMatchObject({ nCached: 74, nPrompt: 1 })
  })

  it('reuses them with reuse "all", with nearly the same logits', async () => {
    using session = model.createSession({ seed: 4 })
    const generated = await idsOf(session.generate(ids(50), HOT))
    const prompt = [...ids(50), ...generated, ...ids(8, 17)]
    await idsOf(session.generate(prompt, { maxTokens: 0, reuse: 'all' }))
    // The last generated token had not been evaluated.
    expect(session.stats()).toMatchObject({ nCached: 65, nPrompt: 9 })
    const logits = session.logits()
    using other = model.createSession()
    await other.eval(prompt)
    const expected = other.logits()
    const largest = Math.max(...expected.map(Math.abs))
    let worst = 0
    for (const [i, logit] of logits.entries()) worst = Math.max(worst, Math.abs(logit - expected[i]))
    expect(worst).toBeLessThan(2e-3 * largest)
  })

  it('restarts the penalties', async () => {
    using session = model.createSession()
    const options = { penalty: 5, penaltyLastN: 100, maxTokens: 10 }
    const first = await idsOf(session.generate(ids(40), options))
    expect(await idsOf(session.generate(ids(40), options))).toEqual(first)
    expect(session.stats().nCached).toBe(39)
  })
})
