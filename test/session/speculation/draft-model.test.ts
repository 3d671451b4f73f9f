import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createChat, type Model, type Warning } from '../../../src/index.js'
import { DraftText } from '../../../src/session/speculation/draft-text.js'
import { recurrentModel } from '../../support/recurrent-model.js'
import { fixCosts, IDS, load, run, wrongAtTimes } from './drafting.js'

beforeEach(() => fixCosts())
afterEach(() => void vi.restoreAllMocks())

const signal = new AbortController().signal

describe('a draft model', () => {
  it('writes what the model is about to', async () => {
    await using model = await load()
    await using draft = await load()
    await using session = model.createSession()
    await run(session, IDS.slice(0, 40), { maxTokens: 100, speculation: { draft } })
    const { nGen, nDrafted, nAccepted } = session.stats()
    // The first passes have none.
    expect(nAccepted).toBe(nDrafted)
    expect(nAccepted).toBeGreaterThan(80)
    expect(nAccepted).toBeLessThan(nGen)
  })

  it('writes in the response format', async () => {
    await using model = await load()
    const draft = wrongAtTimes(model, 5)
    const responseFormat = { type: 'grammar', grammar: 'root ::= ("ab" | "cd" "x"?){80}' } as const
    const options = { responseFormat, ignoreEos: false, maxTokens: 100, temp: 0.5 }
    await using plain = model.createSession({ seed: 1 })
    await using session = model.createSession({ seed: 1 })
    const expected = await run(plain, IDS.slice(0, 20), options)
    expect(await run(session, IDS.slice(0, 20), { ...options, speculation: { draft } })).toEqual(expected)
    expect(session.stats().nAccepted).toBeGreaterThan(20)
  })

  it('that is of no use is asked less and less', async () => {
    await using model = await load()
    await using draft = await load({}, { seed: 99 })
    vi.restoreAllMocks()
    fixCosts({ row: 0.3, step: 0.2 })
    await using session = model.createSession()
    await run(session, IDS.slice(0, 40), { maxTokens: 700, speculation: { draft }, logprobs: undefined })
    const { nDrafted, nAccepted } = session.stats()
    expect(nDrafted).toBeGreaterThan(0)
    expect(nAccepted).toBeLessThan(nDrafted)
    expect(nDrafted).toBeLessThan(70)
  })

  it('drafts no more than the text still needs', async () => {
    await using model = await load()
    await using session = model.createSession()
    const evaluated = vi.spyOn(DraftText.prototype, 'append')
    for (const maxTokens of [1, 2, 3, 4, 5, 6, 7]) {
      await run(session, IDS.slice(0, 40), { maxTokens, speculation: { draft: model } })
      // The last token is not evaluated, and the first two passes have no draft.
      expect(session.stats().nDrafted).toBeLessThanOrEqual(Math.max(0, maxTokens - 2))
    }
    expect(evaluated).toHaveBeenCalled()
  })

  it('follows rewinds, other prompts, forks and restored states', async () => {
    await using model = await load()
    await using draft = await load()
    await using plain = model.createSession({ seed: 1 })
    await using session = model.createSession({ seed: 1 })
    const speculation = { draft: wrongAtTimes(draft, 4) }
    const options = { temp: 0.3, maxTokens: 30 }
    const saved: Uint8Array[] = []
    for (const step of [
      (on: typeof plain, extra: object) => run(on, IDS.slice(0, 50), { ...options, ...extra }),
      async (on: typeof plain) => saved.push(await on.save()),
      (on: typeof plain) => on.rewind(17),
      (on: typeof plain, extra: object) => run(on, undefined, { ...options, ...extra }),
      (on: typeof plain) => on.eval(IDS.slice(100, 120)),
      (on: typeof plain, extra: object) => run(on, undefined, { ...options, ...extra }),
      (on: typeof plain, extra: object) => run(on, IDS.slice(0, 30), { ...options, ...extra }),
      (on: typeof plain) => on.restore(saved[0]),
      (on: typeof plain, extra: object) => run(on, undefined, { ...options, ...extra }),
      async (on: typeof plain, extra: object) => {
        await using fork = await on.fork()
        return await run(fork, undefined, { ...options, ...extra })
      },
      (on: typeof plain, extra: object) => run(on, undefined, { ...options, ...extra }),
    ]) {
      const expected = await step(plain, {})
      const actual = await step(session, { speculation })
      if (typeof expected === 'object') expect(actual).toEqual(expected)
    }
    expect(await session.save()).toEqual(await plain.save())
    expect(session.stats().nAccepted).toBeGreaterThan(0)
  })

  it('reads only what it lacks', async () => {
    await using model = await load()
    const { model: draft, executable } = await recurrentModel({ reach: 'kv' })
    await using _ = draft
    const text = DraftText.create(draft)
    const rowsOf = async (ids: readonly number[]) => {
      const before = executable.rows
      await text.follow(ids, signal)
      return executable.rows - before
    }
    expect(await rowsOf(IDS.slice(0, 50))).toBe(50)
    expect(await rowsOf(IDS.slice(0, 53))).toBe(3)
    // The last one again, because its logits may be gone.
    expect(await rowsOf(IDS.slice(0, 53))).toBe(1)
    expect(await rowsOf([...IDS.slice(0, 40), 7, 8])).toBe(2)
    const fork = await text.fork()
    await text.dispose()
    const before = executable.rows
    await fork.follow([...IDS.slice(0, 40), 7, 8, 9], signal)
    expect(executable.rows - before).toBe(1)
    await fork.dispose()
    expect(executable.open.size).toBe(0)
    expect(model.contextLength).toBe(1024)
  })

  it('with a shorter context sees the end of the text', async () => {
    await using model = await load()
    await using draft = await load({ contextLength: 32 })
    await using plain = model.createSession()
    await using session = model.createSession()
    const options = { maxTokens: 100 }
    const expected = await run(plain, IDS.slice(0, 90), options)
    expect(await run(session, IDS.slice(0, 90), { ...options, speculation: { draft } })).toEqual(expected)
    expect(session.stats().nDrafted).toBeGreaterThan(0)
    await using tiny = await load({ contextLength: 1 })
    await using other = model.createSession()
    expect(await run(other, IDS.slice(0, 90), { ...options, speculation: { draft: tiny } })).toEqual(expected)
  })

  it('with a smaller or a larger vocabulary drafts what both have', async () => {
    await using model = await load()
    await using plain = model.createSession({ seed: 3 })
    const prompt = [...IDS.slice(0, 40), 399, 398, 397]
    const options = { temp: 1.5, maxTokens: 80 }
    const expected = await run(plain, prompt, options)
    for (const vocab of [400 - 40, 400 + 40]) {
      const shape = {
        embed: 96,
        layers: 1,
        heads: 6,
        kvHeads: 2,
        headDim: 16,
        feedForward: 160,
        context: 256,
      }
      await using draft = await load({}, { shape: { ...shape, vocab } })
      await using session = model.createSession({ seed: 3 })
      expect(await run(session, prompt, { ...options, speculation: { draft } })).toEqual(expected)
      expect(session.stats().nDrafted).toBeGreaterThan(0)
    }
  })

  it('of a Worker drafts as well', async () => {
    await using model = await load()
    await using draft = await load({ worker: true })
    await using session = model.createSession()
    await run(session, IDS.slice(0, 40), { maxTokens: 30, speculation: { draft } })
    expect(session.stats().nAccepted).toBeGreaterThan(10)
  })

  it('drafts replies of a chat', async () => {
    await using model = await load()
    const replies: string[] = []
    for (const speculation of ['none', { draft: model }] as const) {
      await using chat = createChat(model, {
        template: 'chatml',
        temp: 0.3,
        session: { seed: 2 },
        speculation,
      })
      for (const text of ['Hi', 'And then?']) {
        replies.push((await chat.send(text, { maxTokens: 25 })).content)
      }
      expect(chat.session.stats().nDrafted > 0).toBe(speculation !== 'none')
    }
    expect(replies.slice(2)).toEqual(replies.slice(0, 2))
  })
})

describe('a draft model that fails', () => {
  async function warned(): Promise<{ model: Model; warnings: Warning[] }> {
    const warnings: Warning[] = []
    return { warnings, model: await load({ onWarning: (warning) => warnings.push(warning) }) }
  }

  it('has been disposed: the text is generated without it', async () => {
    const { model, warnings } = await warned()
    await using _ = model
    const draft = await load()
    await using plain = model.createSession()
    await using session = model.createSession()
    const expected = await run(plain, IDS.slice(0, 40), {})
    let count = 0
    const generation = session.generate(IDS.slice(0, 40), {
      ignoreEos: true,
      maxTokens: 60,
      speculation: { draft },
    })
    for await (const _ of generation) if (++count === 20) await draft.dispose()
    expect(session.ids).toEqual(expected.ids)
    expect(warnings).toMatchObject([{ code: 'NO_DRAFT' }])
    expect(await run(session, IDS.slice(0, 40), { speculation: { draft } })).toEqual(expected)
    expect(warnings).toHaveLength(1)
  })

  it('finds no memory: the text is generated without it', async () => {
    const { model, warnings } = await warned()
    await using _ = model
    const { model: draft, executable } = await recurrentModel({ reach: 'kv' })
    await using plain = model.createSession()
    await using session = model.createSession()
    executable.memoryLimit = executable.bytesInUse + 50 * 64
    const expected = await run(plain, IDS.slice(0, 40), {})
    expect(await run(session, IDS.slice(0, 40), { speculation: { draft } })).toEqual(expected)
    expect(warnings).toMatchObject([
      { code: 'NO_DRAFT', message: expect.stringContaining('the limit is'), hint: expect.any(String) },
    ])
    expect(executable.open.size).toBe(0)
    await draft.dispose()
  })

  it('ends with an abort like any generation', async () => {
    await using model = await load()
    await using draft = await load()
    await using session = model.createSession()
    const controller = new AbortController()
    let count = 0
    const append = DraftText.prototype.append
    vi.spyOn(DraftText.prototype, 'append').mockImplementation(function (this: DraftText, ...args) {
      if (++count === 5) controller.abort()
      return append.apply(this, args)
    })
    const generation = session.generate(IDS.slice(0, 40), {
      ignoreEos: true,
      maxTokens: 60,
      speculation: { draft },
      signal: controller.signal,
    })
    expect((await generation.result()).stopReason).toBe('abort')
    expect(count).toBe(5)
    await session.generate(undefined, { maxTokens: 5, speculation: { draft } }).result()
  })

  it('is released with its session, with its model, and for another draft model', async () => {
    const { model: draft, executable } = await recurrentModel({ reach: 'kv' })
    const { model: second, executable: other } = await recurrentModel({ reach: 'kv' })
    const model = await load()
    const session = model.createSession()
    await run(session, IDS.slice(0, 40), { speculation: { draft } })
    expect(executable.open.size).toBe(1)
    await run(session, IDS.slice(0, 40), { speculation: { draft: second } })
    expect([executable.open.size, other.open.size]).toEqual([0, 1])
    await session.dispose()
    expect(other.open.size).toBe(0)
    await run(model.createSession(), IDS.slice(0, 40), { speculation: { draft } })
    expect(executable.open.size).toBe(1)
    await model.dispose()
    expect(executable.open.size).toBe(0)
    await draft.dispose()
    await second.dispose()
  })
})

describe('rejects', () => {
  it('what is not a kind of speculation', async () => {
    await using model = await load()
    await using session = model.createSession()
    for (const value of ['oracle', 7, null, {}, [], { draft: 'lookup' }, { draft: session }, { draft: {} }]) {
      expect(() => session.generate([1, 2], { speculation: value as never })).toThrow(
        'speculation must be "none", "lookup", "mtp" or { draft: model }',
      )
    }
    expect(() => session.generate([1, 2], { speculation: { draft: model, length: 4 } as never })).toThrow(
      'without "length"',
    )
  })

  it('a draft model with another vocabulary, naming the first difference', async () => {
    await using model = await load()
    await using session = model.createSession()
    await session.eval([5, 6])
    const small = { embed: 96, layers: 1, heads: 6, kvHeads: 2, headDim: 16, feedForward: 160, context: 64 }
    for (const [options, message] of [
      [{ tokenizer: 'bpe' }, 'BOS is '],
      [{ shape: { ...small, vocab: 529 } }, '529 tokens instead of 400 (128 more or fewer are accepted)'],
    ] as const) {
      await using draft = await load({}, options)
      const generation = session.generate(IDS.slice(0, 20), { speculation: { draft } })
      await expect(generation.result()).rejects.toMatchObject({
        code: 'MISMATCH',
        message: expect.stringContaining(message),
        hint: expect.any(String),
      })
    }
    expect(session.ids).toEqual([5, 6])
  })
})
