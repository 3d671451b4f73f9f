import { beforeAll, describe, expect, it } from 'vitest'
import type { GenerateOptions, Model, Session } from '../../src/index.js'
import { collect, idsOf, loadSmall } from './collect.js'

let model: Model
beforeAll(async () => {
  model = await loadSmall()
})

const PROMPT = [1, 50, 60, 70, 80, 90, 100]
const GREEDY: GenerateOptions = { penalty: 3, maxTokens: 10 }

function newSession(): Session {
  return model.createSession({ seed: 2, contextLength: 60 })
}

describe('ids', () => {
  it('are what has been evaluated, as a copy', async () => {
    using session = newSession()
    expect(session.ids).toEqual([])
    await session.eval(PROMPT)
    session.ids.push(7)
    expect(session.ids).toEqual(PROMPT)
    const generated = await idsOf(session.generate(undefined, GREEDY))
    expect(session.ids).toEqual([...PROMPT, ...generated.slice(0, -1)])
    await session.reset()
    expect(session.ids).toEqual([])
  })
})

describe('rewind', () => {
  it('drops the last tokens: what follows is as if they had never been evaluated', async () => {
    using session = newSession()
    await session.eval([...PROMPT, 7, 8, 9])
    await session.rewind(3)
    expect(session.ids).toEqual(PROMPT)
    expect(session.position).toBe(7)
    await session.eval([11, 12, 13, 14])
    using other = newSession()
    await other.eval([...PROMPT, 11, 12, 13, 14])
    expect(session.logits()).toEqual(other.logits())
  })

  it('leaves no logits until something is evaluated, which generate() does itself', async () => {
    using session = newSession()
    await session.eval([...PROMPT, 7, 8, 9])
    await session.rewind(3)
    const nothing = expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      hint: expect.stringContaining('rewind'),
    })
    expect(() => session.sample()).toThrow(nothing)
    expect(() => session.logits()).toThrow(nothing)
    const generated = await idsOf(session.generate(undefined, GREEDY))
    expect(session.stats()).toMatchObject({ nPrompt: 1 })
    using other = newSession()
    expect(generated).toEqual(await idsOf(other.generate(PROMPT, GREEDY)))
    expect(session.logits()).toEqual(other.logits())
  })

  it('by the length of a generation undoes it, however it ended', async () => {
    for (const options of [
      GREEDY,
      { ...GREEDY, maxTokens: 100 },
      { ...GREEDY, stop: 'e' },
      { ...GREEDY, maxTokens: 1 },
    ]) {
      using session = newSession()
      const generation = session.generate(PROMPT, options)
      const first = await idsOf(generation)
      await session.rewind(first.length)
      expect(session.ids).toEqual(PROMPT)
      expect(await idsOf(session.generate(undefined, options))).toEqual(first)
    }
  })

  it('by 0 changes nothing; by 1 after a generation drops the pending token', async () => {
    using session = newSession()
    const first = await idsOf(session.generate(PROMPT, { ...GREEDY, maxTokens: 4 }))
    const { position } = session
    await session.rewind(0)
    const logits = session.logits()
    await session.rewind(1)
    expect(session.position).toBe(position)
    // The logits that it was chosen from are still there.
    expect(session.logits()).toEqual(logits)
    expect(await idsOf(session.generate(undefined, { ...GREEDY, maxTokens: 1 }))).toEqual(first.slice(3))
  })

  it('removes the tokens from the penalties', async () => {
    using session = newSession()
    const first = await idsOf(session.generate(PROMPT, GREEDY))
    for (const count of [3, 2, 5]) {
      await session.rewind(count)
      const kept = session.position - PROMPT.length
      const more = await idsOf(session.generate(undefined, { ...GREEDY, maxTokens: 10 - kept }))
      expect([...first.slice(0, kept), ...more]).toEqual(first)
    }
  })

  it('removes tokens sampled by hand from the penalties, evaluated or not', async () => {
    using session = newSession()
    const first = await idsOf(session.generate(PROMPT, GREEDY))
    await session.reset()
    await session.eval(PROMPT)
    const chosen = session.sample({ penalty: 3 })
    expect(chosen).toBe(first[0])
    await session.eval([chosen])
    expect(session.sample({ penalty: 3 })).toBe(first[1])
    await session.rewind(1)
    expect(await idsOf(session.generate(undefined, GREEDY))).toEqual(first)
  })

  it('to the beginning allows other tokens', async () => {
    using session = newSession()
    await session.eval(PROMPT)
    await session.rewind(7)
    expect(session.position).toBe(0)
    expect(() => session.generate()).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    await session.eval([5, 6, 7, 8])
    using other = newSession()
    await other.eval([5, 6, 7, 8])
    expect(session.logits()).toEqual(other.logits())
  })

  it('makes room in a full context', async () => {
    using session = newSession()
    const generation = session.generate(PROMPT)
    await collect(generation)
    expect(generation.stopReason).toBe('context')
    await session.rewind(20)
    expect(await idsOf(session.generate(undefined, { maxTokens: 19 }))).toHaveLength(19)
  })

  it.each([8, -1, 0.5, Number.NaN, '1', undefined, null])('rejects %o', async (count) => {
    using session = newSession()
    await session.eval(PROMPT)
    await expect(session.rewind(count as number)).rejects.toEqual(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: `count must be a whole number from 0 to 7, not ${typeof count === 'string' ? `"${count}"` : count}`,
      }),
    )
    expect(session.ids).toEqual(PROMPT)
    expect(session.sample()).toBeTypeOf('number')
  })
})
