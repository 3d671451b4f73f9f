import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type GenerateOptions, loadModel, type Model, type Session } from '../../src/index.js'
import { MAX_DRAFT } from '../../src/session/packing.js'
import { DraftLength } from '../../src/session/speculation/draft-length.js'
import { Lookup, MAX_MATCH } from '../../src/session/speculation/lookup.js'
import { Speculator } from '../../src/session/speculation/speculator.js'
import { SMALL, smallModel, VOCAB } from '../model/small.js'
import { randomIds } from '../support/random-models.js'
import { recurrentModel } from '../support/recurrent-model.js'

/** A lookup that has seen these tokens. */
function lookupOf(...ids: number[]): Lookup {
  const lookup = new Lookup()
  for (const id of ids) lookup.push(id)
  return lookup
}

describe('a lookup', () => {
  it('guesses what followed the last tokens before', () => {
    expect(lookupOf(1, 2, 3, 4, 5, 6, 2, 3).guess(3)).toEqual({ ids: [4, 5, 6], match: 2 })
  })

  it('guesses nothing after tokens that are new, or alike in one only', () => {
    for (const ids of [[], [1], [1, 1], [1, 2, 3], [1, 2, 3, 4, 2]])
      expect(lookupOf(...ids).guess(4)).toBeUndefined()
    expect(lookupOf(1, 2, 3, 1, 2).guess(0)).toBeUndefined()
  })

  it('prefers the place with the longest match, and of those the latest', () => {
    const text = [7, 1, 2, 3, 50, 9, 1, 2, 3, 60, 7, 1, 2, 3, 70, 8, 2, 3, 80]
    expect(lookupOf(...text, 7, 1, 2, 3).guess(1)).toEqual({ ids: [70], match: 4 })
    expect(lookupOf(...text, 5, 2, 3).guess(1)).toEqual({ ids: [80], match: 2 })
  })

  it('continues a repetition with itself', () => {
    expect(lookupOf(1, 2, 3, 1, 2, 3, 1).guess(7)).toEqual({ ids: [2, 3, 1, 2, 3, 1, 2], match: 4 })
    expect(lookupOf(5, 5, 5).guess(4)).toEqual({ ids: [5, 5, 5, 5], match: 2 })
  })

  it('agrees with a search through the text', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 40 }), (ids) => {
        const guess = lookupOf(...ids).guess(3)
        let longest = 0
        for (let place = 2; place < ids.length; place++) {
          let same = 0
          while (same < Math.min(MAX_MATCH, place) && ids[place - 1 - same] === ids[ids.length - 1 - same])
            same++
          longest = Math.max(longest, same)
        }
        // Places are looked at from the end, sixteen at most.
        if (ids.length < 16) expect(guess?.match ?? 0).toBe(longest >= 2 ? longest : 0)
        if (guess) expect(ids.join()).toContain([...ids.slice(ids.length - 2), guess.ids[0]].join())
      }),
    )
  })
})

describe('the length of a draft', () => {
  function learnt(...outcomes: [draft: number, right: number][]): DraftLength {
    const length = new DraftLength()
    for (const [draft, right] of outcomes) length.learn(4, draft, right)
    return length
  }

  it('grows with what was right, up to a limit', () => {
    expect(learnt([15, 15], [15, 15], [15, 15], [15, 15], [15, 15], [15, 15]).choose(4, 100)).toBe(MAX_DRAFT)
    expect(learnt([15, 15], [15, 15], [15, 15]).choose(4, 3)).toBe(3)
  })

  it('is none where guesses are wrong, but they are tried again one day', () => {
    const length = learnt(...Array.from({ length: 20 }, (): [number, number] => [2, 0]))
    expect(length.choose(4, 10)).toBe(0)
    let tries = 0
    while (length.choose(4, 10) === 0 && tries < 10_000) tries++
    expect(tries).toBeGreaterThan(50)
    expect(tries).toBeLessThan(2000)
  })

  it('is short where each row costs as much as the first', () => {
    const length = learnt([8, 6], [8, 6], [8, 6])
    expect(length.choose(4, 8)).toBeGreaterThan(2)
    for (let i = 0; i < 20; i++) for (let rows = 1; rows <= 16; rows++) length.took(rows, 10 * rows)
    expect(length.choose(4, 8)).toBe(0)
  })

  it('knows each length of a match alone', () => {
    const length = learnt([4, 0], [4, 0], [4, 0], [4, 0], [4, 0], [4, 0])
    expect(length.chance(4)).toBeLessThan(0.35)
    expect(length.chance(6)).toBeGreaterThan(0.7)
  })
})

it('a speculator learns from what becomes of its drafts', () => {
  const text = [1, 2, 3, 4, 5, 6, 7, 8, 9]
  const speculator = new Speculator([...text, 1, 2, 3])
  const draft = speculator.draft(4, 100)
  expect(draft.length).toBeGreaterThan(1)
  expect(draft).toEqual(text.slice(4, 4 + draft.length))
  for (const id of draft) speculator.accept(id)
  const next = speculator.draft(text[4 + draft.length] ?? 1, 100)
  expect(next.length === 0 || next[0] === text[(5 + draft.length) % 9]).toBe(true)
  expect(speculator.draft(399, 100)).toEqual([])
})

const IDS = randomIds(400, VOCAB, 'speculation')

/** Models of random weights repeat themselves soon, with a low temperature. */
function load(options: Parameters<typeof loadModel>[1] = {}): Promise<Model> {
  const bytes = smallModel({ shape: { ...SMALL.shape, context: 1024 } })
  return loadModel(bytes, { threads: 1, worker: false, kernels: 'baseline', ...options })
}

const SAMPLINGS: Record<string, GenerateOptions> = {
  greedy: {},
  'with temperature': { temp: 0.3 },
  'with penalties': { temp: 0.5, penalty: 1.05, topK: 5 },
  'with DRY': { temp: 0.2, dryMultiplier: 0.2 },
}

/** Everything that a generation leaves behind. */
async function run(session: Session, prompt: readonly number[] | undefined, options: GenerateOptions) {
  const generation = session.generate(prompt, { ignoreEos: true, maxTokens: 60, logprobs: 2, ...options })
  const tokens: unknown[] = []
  for await (const token of generation) tokens.push(token)
  const { text, stopReason } = generation
  return { tokens, text, stopReason, ids: session.ids, logits: session.logits() }
}

describe('a generation that speculates', () => {
  it.each(Object.entries(SAMPLINGS))('has the same tokens, %s', async (_, sampling) => {
    await using model = await load()
    await using plain = model.createSession({ seed: 4 })
    await using session = model.createSession({ seed: 4 })
    const prompt = [...IDS.slice(0, 40), ...IDS.slice(10, 30)]
    for (const next of [prompt, undefined, undefined]) {
      const expected = await run(plain, next, sampling)
      expect(await run(session, next, { ...sampling, speculation: 'lookup' })).toEqual(expected)
    }
    expect(await session.save()).toEqual(await plain.save())
  })

  it('takes fewer passes where a text repeats itself', async () => {
    await using model = await load()
    await using session = model.createSession()
    const responseFormat = { type: 'grammar', grammar: 'root ::= "ab"{200}' } as const
    const options = { responseFormat, ignoreEos: false, maxTokens: 150 }
    await run(session, IDS.slice(0, 20), { ...options, speculation: 'lookup' })
    const { nGen, nDrafted, nAccepted } = session.stats()
    // How long drafts are depends on what passes take.
    expect(nAccepted).toBeGreaterThan(0)
    expect(nDrafted).toBeGreaterThanOrEqual(nAccepted)
    expect(nAccepted).toBeLessThan(nGen)
    await run(session, IDS.slice(0, 20), options)
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
      expect(await run(session, IDS.slice(0, 30), { temp: 0.3, ...each, speculation: 'lookup' })).toEqual(
        expected,
      )
    }
  })

  it('and whose loop is left early, or that is aborted, leaves no trace of a draft', async () => {
    await using model = await load()
    for (const leaveAfter of [3, 20, 33]) {
      const results: unknown[] = []
      for (const speculation of ['none', 'lookup'] as const) {
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
    expect(await run(session, IDS.slice(0, 30), { maxTokens: 150, speculation: 'lookup' })).toEqual(expected)
    expect(session.stats().nShifts).toBe(plain.stats().nShifts)
  })

  it('beside others has the same tokens', async () => {
    await using model = await load()
    const prompts = [0, 1, 2, 3].map((i) => IDS.slice(50 * i, 50 * i + 40))
    const results = async (speculation: 'none' | 'lookup') =>
      Promise.all(
        prompts.map(async (prompt, seed) => {
          await using session = model.createSession({ seed })
          return (await run(session, prompt, { temp: 0.3, speculation })).tokens
        }),
      )
    expect(await results('lookup')).toEqual(await results('none'))
  })

  it('on the relaxed kernels and several threads has the same bits', async () => {
    await using model = await load({ kernels: 'auto', threads: 2 })
    await using plain = model.createSession()
    await using session = model.createSession()
    const expected = await run(plain, IDS.slice(0, 30), { maxTokens: 120 })
    expect(await run(session, IDS.slice(0, 30), { maxTokens: 120, speculation: 'lookup' })).toEqual(expected)
  })

  it.each(['kv', 'recurrent', 'hybrid', 'window'] as const)(
    'on a memory of kind %s has the same tokens',
    async (reach) => {
      const { model } = await recurrentModel({ reach, isRemote: reach === 'kv' })
      await using plain = model.createSession({ seed: 5 })
      await using session = model.createSession({ seed: 5 })
      const prompt = [...IDS.slice(0, 40), ...IDS.slice(10, 30)]
      const expected = await run(plain, prompt, { temp: 0.2, topK: 3 })
      expect(await run(session, prompt, { temp: 0.2, topK: 3, speculation: 'lookup' })).toEqual(expected)
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
      .generate(prompt, { maxTokens: 30, ignoreEos: true, speculation: 'lookup' })
      .result()
    expect(ids).toEqual(expected.ids)
  })
})

it('rejects another kind', async () => {
  await using model = await load()
  await using session = model.createSession()
  expect(() => session.generate(IDS.slice(0, 5), { speculation: 'oracle' as never })).toThrow(
    'speculation must be one of none, lookup',
  )
})
