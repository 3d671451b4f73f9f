/** Speculation by a model's own head: what is generated never changes, only how many passes it takes. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  createChat,
  type GenerateOptions,
  type LoadOptions,
  type Session,
  type SessionOptions,
  type Warning,
} from '../../../src/index.js'
import { HeadText } from '../../../src/session/speculation/head-text.js'
import { type DraftHeadModelOptions, EXPERTS } from '../../support/draft-head-model.js'
import { fixCosts, IDS, loadWithHead, run } from './drafting.js'

beforeEach(() => fixCosts())
afterEach(() => void vi.restoreAllMocks())

const MTP = { speculation: 'mtp' } as const
const PROMPT = IDS.slice(0, 40)

/** Expects that there were guesses, and that some were right and some wrong. */
function expectMixed(session: Session): void {
  const { nDrafted, nAccepted } = session.stats()
  expect(nAccepted).toBeGreaterThan(0)
  expect(nAccepted).toBeLessThan(nDrafted)
}

describe('the head of a model', () => {
  it('guesses what the model is about to write, if it knows', async () => {
    await using model = await loadWithHead({}, { layerScale: 0, stateShare: 0 })
    await using session = model.createSession({ seed: 3 })
    await run(session, PROMPT, { ...MTP, maxTokens: 100 })
    const { nDrafted, nAccepted } = session.stats()
    expect(nAccepted).toBe(nDrafted)
    expect(nAccepted).toBeGreaterThan(80)
  })

  it.each<[string, GenerateOptions, DraftHeadModelOptions?]>([
    ['greedy', {}],
    ['with temperature and top-k', { temp: 0.8, topK: 20 }],
    ['with penalties', { temp: 0.7, penalty: 1.3 }],
    ['up to a stop string', { temp: 0.9, stop: ['a', 'e'] }],
    ['experts', { temp: 0.5 }, EXPERTS],
    ['a head that knows nothing', { temp: 0.5 }, { layerScale: 1, stateShare: undefined }],
  ])('changes nothing: %s', async (_, options, file = {}) => {
    await using model = await loadWithHead({}, file)
    await using plain = model.createSession({ seed: 5 })
    await using session = model.createSession({ seed: 5 })
    const expected = await run(plain, PROMPT, { ...options, maxTokens: 100 })
    expect(await run(session, PROMPT, { ...options, ...MTP, maxTokens: 100 })).toEqual(expected)
    expect(session.stats().nDrafted).toBeGreaterThan(0)
    expect(await session.save()).toEqual(await plain.save())
  })

  it('evaluates each token once, and what was guessed wrong', async () => {
    await using model = await loadWithHead()
    await using session = model.createSession({ seed: 5 })
    await run(session, PROMPT, { temp: 0.5, maxTokens: 100, ...MTP })
    const { nDrafted, nAccepted } = session.stats()
    expect(model.counters.rows).toBe(PROMPT.length + 99 + nDrafted - nAccepted)
    // A pass more for the prompt: logits are wanted of its last token only.
    expect(model.counters.passes).toBe(2 + 99 - nAccepted)
  })

  it.each<[string, LoadOptions, SessionOptions?]>([
    ['in a Worker', { worker: true }],
    ['with several threads', { threads: 2, kernels: 'relaxed' }],
    ['with its tables in the file', { lookupTables: 'file' }],
    ['with a cache of another type', {}, { kvType: 'f32' }],
    ['with a prefix cache', { prefixCache: true }],
  ])('changes nothing %s', async (_, options, session = {}) => {
    await using model = await loadWithHead({ ...options })
    const kernels = model.kernels as 'baseline'
    await using other = await loadWithHead({ kernels, draftHead: false })
    for (const prompt of [PROMPT, [...PROMPT, 1, 2, 3]]) {
      await using plain = other.createSession({ ...session, seed: 5 })
      await using drafting = model.createSession({ ...session, seed: 5 })
      const settings = { temp: 0.5, maxTokens: 60 }
      expect(await run(drafting, prompt, { ...settings, ...MTP })).toEqual(await run(plain, prompt, settings))
      expectMixed(drafting)
    }
  })

  it('follows rewinds, other prompts, forks, restored states and generations without it', async () => {
    await using model = await loadWithHead()
    await using plain = model.createSession({ seed: 1 })
    await using session = model.createSession({ seed: 1 })
    const saved: Uint8Array[] = []
    const generate = (on: Session, prompt: readonly number[] | undefined, extra: GenerateOptions) =>
      run(on, prompt, { temp: 0.4, maxTokens: 30, ...extra })
    let drafted = 0
    for (const step of [
      (on: Session, extra: GenerateOptions) => generate(on, IDS.slice(0, 50), extra),
      async (on: Session) => saved.push(await on.save()),
      (on: Session) => on.rewind(17),
      (on: Session, extra: GenerateOptions) => generate(on, undefined, extra),
      (on: Session) => on.eval(IDS.slice(100, 120)),
      (on: Session, extra: GenerateOptions) => generate(on, undefined, extra),
      (on: Session) => generate(on, undefined, {}),
      (on: Session, extra: GenerateOptions) => generate(on, undefined, extra),
      (on: Session, extra: GenerateOptions) => generate(on, IDS.slice(0, 30), extra),
      (on: Session, extra: GenerateOptions) => generate(on, IDS.slice(0, 60), extra),
      (on: Session) => on.restore(saved[0]),
      (on: Session, extra: GenerateOptions) => generate(on, undefined, extra),
      async (on: Session, extra: GenerateOptions) => {
        await using fork = await on.fork()
        return await generate(fork, undefined, extra)
      },
      (on: Session, extra: GenerateOptions) => generate(on, undefined, { ...extra, speculation: 'lookup' }),
      (on: Session, extra: GenerateOptions) => generate(on, undefined, extra),
    ]) {
      const expected = await step(plain, {})
      const actual = await step(session, MTP)
      if (typeof expected === 'object') expect(actual).toEqual(expected)
      drafted += session.stats().nDrafted
    }
    expect(await session.save()).toEqual(await plain.save())
    expect(drafted).toBeGreaterThan(100)
  })

  it('reads only what it lacks, and of a long prompt the end', async () => {
    await using model = await loadWithHead({ contextLength: 1500 })
    await using session = model.createSession({ seed: 1 })
    const rows: number[] = []
    const { follow } = HeadText.prototype
    vi.spyOn(HeadText.prototype, 'follow').mockImplementation(function (this: HeadText, text, signal) {
      rows.push(this.wayTo(text)!.missing)
      return follow.call(this, text, signal)
    })
    const options = { maxTokens: 12, temp: 0.5, ...MTP }
    const { ids } = await run(session, PROMPT, options)
    // No draft in the first two passes; then all tokens but the first, whose state nothing precedes.
    expect(rows[0]).toBe(PROMPT.length - 1 + 3)
    for (const missing of rows.slice(1)) expect(missing).toBeLessThanOrEqual(16)
    rows.length = 0
    // A conversation goes on: the head goes on as well.
    await run(session, [...ids.slice(0, 45), 7, 8, 9], { ...options, reuse: 'all' })
    expect(rows[0]).toBeLessThan(3 + 3 + 7)
    rows.length = 0
    const long = Array.from({ length: 1300 }, (_, i) => (i * 37 + 11) % 400)
    await run(session, long, { ...options, maxTokens: 30 })
    expect(rows[0]).toBe(1024)
  })

  it('drafts replies of a chat', async () => {
    await using model = await loadWithHead({}, { tokenizer: 'bpe' })
    const replies: string[] = []
    for (const speculation of ['none', 'mtp'] as const) {
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

  it('drafts for sessions that run together', async () => {
    await using model = await loadWithHead()
    const texts = async (speculation: 'none' | 'mtp') =>
      Promise.all(
        [1, 2, 3].map(async (seed) => {
          await using session = model.createSession({ seed })
          return await run(session, PROMPT.slice(seed), { temp: 0.6, speculation })
        }),
      )
    expect(await texts('mtp')).toEqual(await texts('none'))
  })

  it('drafts up to the end of the context', async () => {
    await using model = await loadWithHead({ contextLength: 64 })
    await using plain = model.createSession()
    await using session = model.createSession()
    const expected = await run(plain, PROMPT, { maxTokens: 100 })
    expect(expected.stopReason).toBe('context')
    expect(await run(session, PROMPT, { maxTokens: 100, ...MTP })).toEqual(expected)
  })

  it('releases its memory with the session', async () => {
    await using model = await loadWithHead()
    const before = model.memoryBytes
    const session = model.createSession()
    await run(session, PROMPT, MTP)
    await session.dispose()
    expect(model.memoryBytes).toBe(before)
  })

  it('stops with an abort like any generation', async () => {
    await using model = await loadWithHead()
    await using session = model.createSession()
    const controller = new AbortController()
    const { append } = HeadText.prototype
    let count = 0
    vi.spyOn(HeadText.prototype, 'append').mockImplementation(function (this: HeadText, ...args) {
      if (++count === 5) controller.abort()
      return append.apply(this, args)
    })
    const options = { ignoreEos: true, maxTokens: 60, signal: controller.signal, ...MTP }
    expect((await session.generate(PROMPT, options).result()).stopReason).toBe('abort')
    expect(count).toBe(5)
    await session.generate(undefined, { maxTokens: 5, ...MTP }).result()
  })
})

describe('a head that cannot be used', () => {
  it('has not been loaded: UNSUPPORTED, and the session stays as it was', async () => {
    await using model = await loadWithHead({ draftHead: false })
    await using session = model.createSession()
    await session.eval([1, 2, 3])
    await expect(session.generate([4, 5], MTP).result()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: "speculation 'mtp' needs the model's draft head, which has not been loaded",
      hint: expect.stringContaining('draftHead: true'),
    })
    expect(session.ids).toEqual([1, 2, 3])
  })

  it('finds no memory: the text is generated without it, with a warning', async () => {
    const warnings: Warning[] = []
    await using model = await loadWithHead({ onWarning: (warning) => warnings.push(warning) })
    await using plain = model.createSession()
    await using session = model.createSession()
    const expected = await run(plain, PROMPT, {})
    vi.spyOn(HeadText.prototype, 'follow').mockRejectedValue(new Error('no room'))
    expect(await run(session, PROMPT, MTP)).toEqual(expected)
    expect(warnings).toMatchObject([{ code: 'NO_DRAFT', message: expect.stringContaining('no room') }])
  })

  it('belongs to a model in several memories', async () => {
    await expect(loadWithHead({ memorySize: 2 ** 20, memoryLimit: 2 ** 30 })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('draft heads of models in several memories'),
    })
  })

  it('is wanted with a value that is not a boolean', async () => {
    await expect(loadWithHead({ draftHead: 1 as never })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})
