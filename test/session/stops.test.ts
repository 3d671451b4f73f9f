import { beforeAll, describe, expect, it, vi } from 'vitest'
import { array } from '../../src/gguf/typed-value.js'
import type { GeneratedToken, GenerateOptions, Generation, Model, Session } from '../../src/index.js'
import { pacer } from '../../src/platform/pacer.js'
import { VOCAB } from '../model/small.js'
import { collect, idsOf, loadSmall } from './collect.js'

const PROMPT = 'where will it stop'
let HOT: GenerateOptions
let model: Model
/** A generation without any stop, and its tokens. */
let whole: Generation
let tokens: readonly GeneratedToken[]

beforeAll(async () => {
  model = await loadSmall()
  // No halves of characters, of which a random model would say many.
  const bannedIds = Array.from({ length: VOCAB }, (_, id) => id).filter((id) =>
    /\ufffd/.test(model.piece(id)),
  )
  HOT = { temp: 1, topK: 60, penalty: 1.2, maxTokens: 40, bannedIds }
  using session = newSession()
  whole = session.generate(PROMPT, HOT)
  tokens = await collect(whole)
})

function newSession(): Session {
  return model.createSession({ seed: 11 })
}

/** A text that begins within token `from` or a later one and ends within the second token after that. */
function acrossTokens(from: number): string {
  for (let i = from; i + 2 < tokens.length; i++) {
    const [first, second, third] = tokens.slice(i).map(({ piece }) => piece)
    const stop = first.slice(-1) + second + third.slice(0, 1)
    const start = textOf(tokens.slice(0, i + 1)).length - 1
    if (stop.length >= 3 && whole.text.indexOf(stop) === start) return stop
  }
  throw new Error('no such text: choose another seed')
}

function textOf(list: readonly GeneratedToken[]): string {
  return list.map(({ piece }) => piece).join('')
}

describe('a stop string', () => {
  it('that spans tokens ends the text before it', async () => {
    const stop = acrossTokens(8)
    using session = newSession()
    const generation = session.generate(PROMPT, { ...HOT, stop })
    const text = textOf(await collect(generation))
    expect(generation).toMatchObject({ stopReason: 'stop', stoppedBy: stop })
    expect(generation.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)))
    expect(text).toBe(generation.text)
    // The tokens are those of the text without a stop, up to the one that completed it.
    expect(generation.ids).toEqual(whole.ids.slice(0, generation.ids.length))
    expect(model.decode(generation.ids)).toContain(stop)
    expect(model.decode(generation.ids.slice(0, -1))).not.toContain(stop)
    expect(session.stats().nGen).toBe(generation.ids.length)
  })

  it('of several is the first one that is complete', async () => {
    const [early, late] = [acrossTokens(4), acrossTokens(20)]
    using session = newSession()
    const generation = session.generate(PROMPT, { ...HOT, stop: [late, 'never said', early] })
    await collect(generation)
    expect(generation.stoppedBy).toBe(early)
  })

  it('that never comes changes nothing', async () => {
    using session = newSession()
    // It may begin with any character of the text, so all of them are held back for a while.
    const stop = [...new Set(whole.text)].slice(0, 64).map((character) => `${character}\u0000`)
    const generation = session.generate(PROMPT, { ...HOT, stop })
    expect(await collect(generation)).toEqual(tokens)
    expect(generation).toMatchObject({ text: whole.text, stopReason: 'length', stoppedBy: undefined })
  })

  it('leaves a session that can continue where it stopped', async () => {
    using session = newSession()
    const first = await idsOf(session.generate(PROMPT, { ...HOT, stop: acrossTokens(8) }))
    const rest = await idsOf(session.generate(undefined, { ...HOT, maxTokens: 40 - first.length }))
    expect([...first, ...rest]).toEqual(whole.ids)
  })

  it('with an abort: held-back tokens are still delivered', async () => {
    using session = newSession()
    const controller = new AbortController()
    // The whole text from the fourth token on may be the beginning of this one.
    const stop = `${textOf(tokens.slice(4))}!`
    const generation = session.generate(PROMPT, { ...HOT, stop, signal: controller.signal })
    const seen: GeneratedToken[] = []
    // Once per token, so that the abort comes two tokens later.
    let paused = 0
    using _ = vi.spyOn(pacer, 'isDue').mockImplementation(() => {
      const isDue = paused !== session.position
      paused = session.position
      return isDue
    })
    for await (const token of generation) {
      seen.push(token)
      if (seen.length === 4) setImmediate(() => setImmediate(() => controller.abort()))
    }
    expect(generation.stopReason).toBe('abort')
    expect(seen.length).toBeGreaterThan(4)
    expect(seen).toEqual(tokens.slice(0, seen.length))
    expect(generation.text).toBe(textOf(seen))
  })
})

describe('a stop id', () => {
  it('ends the generation and is not part of it', async () => {
    const stopIds = [whole.ids[12], whole.ids[20]]
    const first = whole.ids.findIndex((id) => stopIds.includes(id))
    using session = newSession()
    const generation = session.generate(PROMPT, { ...HOT, stopIds })
    await collect(generation)
    expect(generation.ids).toEqual(whole.ids.slice(0, first))
    expect(generation).toMatchObject({ stopReason: 'stop', stoppedBy: whole.ids[first] })
    expect(session.stats().nGen).toBe(first)
    expect(session.position).toBe(generation.promptIds.length + first)
  })
})

describe('the loop left early while tokens are held back', () => {
  it.each([1, 2, 3, 4, 5, 7, 9, 12])(
    'leaves the session after the %i tokens that it has seen',
    async (count) => {
      // Texts of four tokens each may begin this: they come out together.
      const stop = [3, 4, 5, 6, 7].map((i) => `${textOf(tokens.slice(i, i + 5))}\u0000`.slice(0, 1024))
      using session = newSession()
      const generation = session.generate(PROMPT, { ...HOT, stop })
      for await (const _ of generation) if (generation.ids.length === count) break
      expect(generation).toMatchObject({ stopReason: 'callback', stoppedBy: undefined })
      expect(generation.ids).toEqual(whole.ids.slice(0, count))
      expect(generation.text).toBe(textOf(tokens.slice(0, count)))
      expect(session.stats().nGen).toBe(count)
      const rest = await idsOf(session.generate(undefined, { ...HOT, maxTokens: 40 - count }))
      expect([...generation.ids, ...rest]).toEqual(whole.ids)
    },
  )
})

describe('an error of the caller', () => {
  it('thrown in the loop is passed on', async () => {
    using session = newSession()
    const generation = session.generate(PROMPT, HOT)
    const mine = new Error('of the caller')
    const looping = async () => {
      for await (const _ of generation) throw mine
    }
    await expect(looping()).rejects.toBe(mine)
    expect(generation.stopReason).toBe('callback')
    expect(await idsOf(session.generate(undefined, { ...HOT, maxTokens: 39 }))).toEqual(whole.ids.slice(1))
  })

  it('thrown in a step of the chain is passed on, and the session continues from what was delivered', async () => {
    using session = newSession()
    const mine = new Error('of the step')
    let steps = 0
    const step = () => {
      if (++steps === 6) throw mine
    }
    const generation = session.generate(PROMPT, {
      ...HOT,
      samplers: ['penalties', 'temperature', 'topK', step],
    })
    const seen: number[] = []
    const looping = async () => {
      for await (const { id } of generation) seen.push(id)
    }
    await expect(looping()).rejects.toBe(mine)
    expect(generation.stopReason).toBe('callback')
    expect(seen).toEqual(whole.ids.slice(0, seen.length))
    expect(session.stats().nGen).toBe(seen.length)
    const rest = await idsOf(session.generate(undefined, { ...HOT, maxTokens: 40 - seen.length }))
    expect([...seen, ...rest]).toEqual(whole.ids)
  })
})

describe('rejected:', () => {
  it.each<[GenerateOptions, string]>([
    [{ stop: '' }, 'stop[0] has 0 characters; 1 to 1024 are accepted'],
    [{ stop: ['a', ''] }, 'stop[1] has 0 characters'],
    [{ stop: 'x'.repeat(1025) }, 'stop[0] has 1025 characters'],
    [{ stop: new Array(65).fill('x') }, 'stop has 65 strings; at most 64'],
    [{ stop: [7] as unknown as string[] }, '[0] is 7'],
    [{ stop: null as unknown as string }, 'stop must be a string'],
    [{ stop: {} as unknown as string }, 'stop must be a string'],
    [{ stopIds: [VOCAB] }, `stopIds: token ${VOCAB} at index 0`],
    [{ stopIds: [1, -1] }, 'stopIds: token -1 at index 1'],
    [{ stopIds: 7 as unknown as number[] }, 'stopIds must be an array'],
    [{ stopIds: [5, 6], bannedIds: [6] }, 'stopIds names 6, which can never be sampled'],
    [{ stopIds: [5], logitBias: { 5: Number.NEGATIVE_INFINITY } }, 'stopIds names 5'],
    [{ minTokens: 6, maxTokens: 5 }, 'minTokens 6 is more than maxTokens 5'],
    [{ logprobs: -1 }, 'logprobs must be a whole number from 0 to 1000'],
    [{ logprobs: 1.5 }, 'logprobs'],
    [{ logprobs: 1001 }, 'logprobs'],
    [{ logprobs: true as unknown as number }, 'logprobs'],
    [{ reuse: 'some' as 'all' }, 'reuse must be "exact" or "all", not "some"'],
    [{ reuse: null as unknown as 'all' }, 'reuse'],
  ])('%o', (options, message) => {
    using session = newSession()
    expect(() => session.generate(PROMPT, options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    )
  })

  it('but not options that are merely redundant', async () => {
    using session = newSession()
    const options: GenerateOptions = {
      ...HOT,
      stop: [],
      stopIds: [...model.tokenizer.endOfGeneration],
      ignoreEos: true,
    }
    expect(await idsOf(session.generate(PROMPT, options))).toHaveLength(40)
  })
})

describe("the file's list of suppressed tokens", () => {
  it('keeps a session from sampling them', async () => {
    const [first] = whole.ids
    await using other = await loadSmall({
      metadata: [['tokenizer.ggml.suppress_tokens', array('i32', [first, VOCAB + 5, -1])]],
    })
    expect([...other.tokenizer.suppressedIds]).toEqual([first])
    using session = other.createSession({ seed: 11 })
    const ids = await idsOf(session.generate(PROMPT, HOT))
    expect(ids.length).toBe(HOT.maxTokens)
    expect(ids).not.toContain(first)
  })

  it('holds for single samples, too', async () => {
    const sampleAfterPrompt = async (from: Model) => {
      using session = from.createSession()
      await session.eval(from.encode(PROMPT))
      return session.sample({ temp: 0 })
    }
    const likeliest = await sampleAfterPrompt(model)
    await using other = await loadSmall({
      metadata: [['tokenizer.ggml.suppress_tokens', array('i32', [likeliest])]],
    })
    expect(await sampleAfterPrompt(other)).not.toBe(likeliest)
  })
})
