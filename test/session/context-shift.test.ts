import { beforeAll, describe, expect, it } from 'vitest'
import type { GenerateOptions, Model, SessionOptions } from '../../src/index.js'
import { tokensToDrop } from '../../src/session/context-shift.js'
import { collect, idsOf, loadSmall } from './collect.js'

let model: Model
beforeAll(async () => {
  model = await loadSmall()
})

const PROMPT = [1, 50, 60, 70, 80, 90, 100, 110]
const HOT: GenerateOptions = { temp: 1, topK: 80, penalty: 1.3, ignoreEos: true }

describe('how many tokens leave', () => {
  it.each<[string, [number, number, number, number], number | undefined]>([
    ['none while there is room', [4, 31, 1, 32], 0],
    ['half of those that may', [4, 32, 1, 32], 14],
    ['the larger half', [4, 31, 2, 32], 14],
    ['all that may, of one', [31, 32, 1, 32], 1],
    ['more than half, if so many come', [4, 32, 20, 32], 20],
    ['all that may, if so many come', [4, 32, 28, 32], 28],
    ['none, for they would not fit', [4, 32, 29, 32], undefined],
    ['none, for fewer are there than stay', [10, 8, 25, 32], undefined],
    ['half of a context without sinks', [0, 32, 1, 32], 16],
    ['the only one', [0, 1, 1, 1], 1],
  ])('%s', (_, args, expected) => {
    expect(tokensToDrop(...args)).toBe(expected)
  })
})

describe('with a context shift', () => {
  it('a generation goes on beyond the context, and the first tokens stay', async () => {
    using session = model.createSession({ seed: 9, contextLength: 32, contextShift: { keep: 5 } })
    const generation = session.generate(PROMPT, { ...HOT, maxTokens: 200 })
    let longest = 0
    for await (const _ of generation) longest = Math.max(longest, session.position)
    expect(generation).toMatchObject({ stopReason: 'length' })
    expect(generation.ids).toHaveLength(200)
    expect(longest).toBeLessThanOrEqual(32)
    const all = [...PROMPT, ...generation.ids.slice(0, -1)]
    const { ids } = session
    expect(ids.slice(0, 5)).toEqual(PROMPT.slice(0, 5))
    expect(ids.slice(5)).toEqual(all.slice(5 - ids.length))
    // 32 − 5 = 27 may leave, 14 do each time.
    expect(session.stats().nShifts).toBe(Math.ceil((PROMPT.length + 199 - 32) / 14))
  })

  it('is the same text each time, and until the first shift that of a session without one', async () => {
    const run = async (contextShift: SessionOptions['contextShift'], maxTokens: number) => {
      using session = model.createSession({ seed: 9, contextLength: 32, contextShift })
      return await idsOf(session.generate(PROMPT, { ...HOT, maxTokens }))
    }
    const shifted = await run(true, 100)
    expect(shifted).toHaveLength(100)
    expect(await run(true, 100)).toEqual(shifted)
    expect(await run({}, 100)).toEqual(shifted)
    expect(await run({ keep: 4 }, 100)).toEqual(shifted)
    const unshifted = await run(false, 100)
    expect(unshifted).toHaveLength(32 - PROMPT.length + 1)
    expect(shifted.slice(0, unshifted.length)).toEqual(unshifted)
  })

  it('goes on as well when it is interrupted again and again', async () => {
    using whole = model.createSession({ seed: 9, contextLength: 32, contextShift: true })
    const expected = await idsOf(whole.generate(PROMPT, { ...HOT, maxTokens: 90 }))
    using session = model.createSession({ seed: 9, contextLength: 32, contextShift: true })
    const ids = [...(await idsOf(session.generate(PROMPT, { ...HOT, maxTokens: 7 })))]
    while (ids.length < 90) {
      ids.push(
        ...(await idsOf(session.generate(undefined, { ...HOT, maxTokens: Math.min(7, 90 - ids.length) }))),
      )
    }
    expect(ids).toEqual(expected)
  })

  it('what is evaluated by hand makes room too, all of it at once', async () => {
    using session = model.createSession({ contextLength: 32, contextShift: true })
    const numbered = Array.from({ length: 32 }, (_, i) => 10 + i)
    await session.eval(numbered)
    await session.eval([100, 101, 102])
    expect(session.ids).toEqual([...numbered.slice(0, 4), ...numbered.slice(18), 100, 101, 102])
    const many = Array.from({ length: 28 }, (_, i) => 200 + i)
    await session.eval(many)
    expect(session.ids).toEqual([...numbered.slice(0, 4), ...many])
    expect(session.stats().nShifts).toBe(2)
    await expect(session.eval(new Array(29).fill(7))).rejects.toMatchObject({
      code: 'CONTEXT_FULL',
      message: '29 tokens do not fit: 32 of 32 positions are taken',
    })
    expect(session.position).toBe(32)
  })

  it('an eval that is aborted before it begins drops nothing', async () => {
    using session = model.createSession({ contextLength: 32, contextShift: true })
    await session.eval(new Array(32).fill(9))
    await expect(session.eval([1], { signal: AbortSignal.abort('no') })).rejects.toBe('no')
    expect(session.position).toBe(32)
  })

  it('a prompt that is longer than the context is refused all the same', () => {
    using session = model.createSession({ contextLength: 32, contextShift: true })
    expect(() => session.generate(new Array(33).fill(9))).toThrow(
      expect.objectContaining({ code: 'CONTEXT_FULL' }),
    )
  })

  it('a prompt uses only what saw no tokens that have left', async () => {
    using session = model.createSession({ seed: 1, contextLength: 32, contextShift: { keep: 6 } })
    await idsOf(session.generate(PROMPT, { ...HOT, maxTokens: 60 }))
    for (const reuse of ['exact', 'all'] as const) {
      const prompt = session.ids.slice(0, 20)
      await idsOf(session.generate(prompt, { maxTokens: 0, reuse }))
      expect(session.stats()).toMatchObject({ nCached: 6, nPrompt: 14 })
      using fresh = model.createSession()
      await fresh.eval(prompt)
      expect(session.logits()).toEqual(fresh.logits())
      await idsOf(session.generate(undefined, { ...HOT, maxTokens: 60 }))
    }
  })

  it('a fork shifts alone', async () => {
    using session = model.createSession({ seed: 1, contextLength: 32, contextShift: true })
    await session.eval(new Array(32).fill(9))
    const logits = session.logits()
    using fork = await session.fork()
    const forked = await idsOf(fork.generate(undefined, { ...HOT, maxTokens: 5 }))
    expect(fork.stats().nShifts).toBe(1)
    expect(session.position).toBe(32)
    await session.rewind(1)
    await session.eval([9])
    expect(session.logits()).not.toEqual(fork.logits())
    using other = model.createSession({ seed: 1, contextLength: 32 })
    await other.eval(new Array(31).fill(9))
    await other.eval([9])
    expect(session.logits()).toEqual(other.logits())
    expect(logits).not.toEqual(new Float32Array(logits.length))
    expect(forked).toHaveLength(5)
  })

  it.each([
    [0, 1],
    [0, 2],
    [1, 2],
    [30, 31],
    [4, 5],
  ])('of a context that keeps %i of %i goes on', async (keep, contextLength) => {
    using session = model.createSession({ contextLength, contextShift: { keep } })
    expect(await idsOf(session.generate([1], { ...HOT, maxTokens: 40 }))).toHaveLength(40)
    expect(session.position).toBeLessThanOrEqual(contextLength)
  })

  it('rewind goes back to what is still there', async () => {
    using session = model.createSession({ contextLength: 32, contextShift: true })
    const generation = session.generate(PROMPT, { ...HOT, maxTokens: 40 })
    await collect(generation)
    const { ids } = session
    await session.rewind(5)
    expect(session.ids).toEqual(ids.slice(0, -4))
    await expect(session.rewind(32)).rejects.toEqual(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })
})

describe('refused:', () => {
  it.each<[unknown, string]>([
    [{ keep: -1 }, 'contextShift.keep must be a whole number from 0 to 31'],
    [{ keep: 32 }, 'contextShift.keep'],
    [{ keep: 1.5 }, 'contextShift.keep'],
    [{ keep: '4' }, 'contextShift.keep'],
    [{ keep: null }, 'contextShift.keep'],
    [4, 'contextShift must be true, false or { keep }, not 4'],
    ['yes', 'contextShift must be'],
    [null, 'contextShift must be'],
  ])('contextShift %o', (contextShift, message) => {
    const before = model.memoryBytes
    expect(() => model.createSession({ contextLength: 32, contextShift } as SessionOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    )
    expect(model.memoryBytes).toBe(before)
  })
})
