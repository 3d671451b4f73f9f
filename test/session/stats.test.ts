import { beforeAll, describe, expect, it } from 'vitest'
import type { Model } from '../../src/index.js'
import { StatsMeter } from '../../src/session/stats.js'
import { idsOf, loadSmall } from './collect.js'

let model: Model
beforeAll(async () => {
  model = await loadSmall()
})

describe('statistics', () => {
  it('count tokens exactly and give rates that are numbers', async () => {
    using session = model.createSession()
    expect(session.stats()).toEqual({
      nPrompt: 0,
      nCached: 0,
      nGen: 0,
      nShifts: 0,
      nDrafted: 0,
      nAccepted: 0,
      ttftMs: 0,
      prefillTps: 0,
      genTps: 0,
    })
    const prompt = new Array(100).fill(9)
    await idsOf(session.generate(prompt, { maxTokens: 7 }))
    const stats = session.stats()
    expect(stats).toMatchObject({ nPrompt: 100, nGen: 7 })
    for (const rate of [stats.ttftMs, stats.prefillTps, stats.genTps]) {
      expect(Number.isFinite(rate)).toBe(true)
      expect(rate).toBeGreaterThan(0)
    }
  })

  it('restart with each generation', async () => {
    using session = model.createSession()
    await idsOf(session.generate(new Array(100).fill(9), { maxTokens: 7 }))
    await idsOf(session.generate([1, 2, 3], { maxTokens: 2 }))
    expect(session.stats()).toMatchObject({ nPrompt: 3, nGen: 2 })
    await idsOf(session.generate([4, 2, 3], { maxTokens: 0 }))
    expect(session.stats()).toMatchObject({ nPrompt: 3, nGen: 0, ttftMs: 0, genTps: 0 })
  })

  it('count what is evaluated and sampled by hand', async () => {
    using session = model.createSession()
    await session.eval([1, 2, 3, 4])
    await session.eval([session.sample()])
    session.sample()
    expect(session.stats()).toMatchObject({ nPrompt: 5, nGen: 2 })
  })
})

describe('the meter', () => {
  function meterAt() {
    let time = 1000
    const meter = new StatsMeter(() => time)
    return { meter, wait: (ms: number) => (time += ms), now: () => time }
  }

  it('separates tokens per second of prompt and generation; the first token counts as prompt', () => {
    const { meter, wait, now } = meterAt()
    wait(105)
    meter.evaluated(50, { ms: 100, isDecode: false })
    const first = now()
    wait(1)
    meter.sampled(first)
    for (let i = 0; i < 4; i++) {
      wait(12)
      meter.evaluated(1, { ms: 9, isDecode: true })
      const sample = now()
      wait(1)
      meter.sampled(sample)
    }
    expect(meter.read()).toEqual({
      nPrompt: 50,
      nCached: 0,
      nGen: 5,
      nShifts: 0,
      nDrafted: 0,
      nAccepted: 0,
      ttftMs: 106,
      prefillTps: 500,
      genTps: 100,
    })
    meter.start()
    expect(meter.read()).toEqual({
      nPrompt: 0,
      nCached: 0,
      nGen: 0,
      nShifts: 0,
      nDrafted: 0,
      nAccepted: 0,
      ttftMs: 0,
      prefillTps: 0,
      genTps: 0,
    })
  })

  it('has no rate where the clock stands still', () => {
    const { meter, now } = meterAt()
    meter.evaluated(50, { ms: 0, isDecode: false })
    meter.sampled(now())
    meter.evaluated(1, { ms: 0, isDecode: true })
    meter.sampled(now())
    expect(meter.read()).toEqual({
      nPrompt: 50,
      nCached: 0,
      nGen: 2,
      nShifts: 0,
      nDrafted: 0,
      nAccepted: 0,
      ttftMs: 0,
      prefillTps: 0,
      genTps: 0,
    })
  })
})
