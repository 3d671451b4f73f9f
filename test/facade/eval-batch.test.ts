import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BatchEntry, GenerateOptions, Model, Session } from '../../src/index.js'
import { pacer } from '../../src/platform/pacer.js'
import { VOCAB } from '../model/small.js'
import { idsOf, loadSmall } from '../session/collect.js'
import { randomIds } from '../support/random-models.js'
import type { RecurrentExecutable } from '../support/recurrent-executable.js'
import { recurrentModel } from '../support/recurrent-model.js'

const IDS = randomIds(1000, VOCAB, 'together')

/** Rows of each sequence in each batch that has been run. */
function watchBatches(executable: RecurrentExecutable): number[][] {
  const batches: number[][] = []
  const run = executable.run.bind(executable)
  vi.spyOn(executable, 'run').mockImplementation((batch, take) => {
    batches.push(batch.runs.map(({ rows }) => rows))
    return run(batch, take)
  })
  return batches
}

/** An error of this package with the code, and with this message or a part of it. */
function failure(code: string, message: string) {
  return expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringContaining(message) })
}

let model: Model
let executable: RecurrentExecutable
let batches: number[][]
beforeEach(async () => {
  ;({ model, executable } = await recurrentModel({ reach: 'kv', contextLength: 400 }))
  batches = watchBatches(executable)
})

describe('evalBatch', () => {
  it('evaluates what fits in one pass', async () => {
    const sessions = [1, 2, 3].map((seed) => model.createSession({ seed }))
    await model.evalBatch(sessions.map((session, i) => ({ session, ids: IDS.slice(0, 10 * (i + 1)) })))
    await model.evalBatch(sessions.map((session) => ({ session, ids: [session.sample()] })))
    expect(batches).toEqual([
      [10, 20, 30],
      [1, 1, 1],
    ])
  })

  it('gives each session what its own eval gives', async () => {
    const lengths = [300, 1, 4, 40, 3]
    const parts = lengths.map((length, i) => IDS.slice(i * 50, i * 50 + length))
    const [together, alone] = [0, 1].map(() => lengths.map(() => model.createSession({ seed: 1 })))
    for (let round = 0; round < 2; round++) {
      await model.evalBatch(
        together.map((session, i) => ({ session, ids: parts[(i + round) % 5] })).slice(round),
      )
      for (const [i, session] of alone.slice(round).entries()) await session.eval(parts[(i + 2 * round) % 5])
    }
    for (const [i, session] of together.entries()) {
      expect(session.ids).toEqual(alone[i].ids)
      expect(session.logits()).toEqual(alone[i].logits())
      expect(session.isBusy).toBe(false)
      expect(session.stats().nPrompt).toBe(alone[i].stats().nPrompt)
    }
  })

  it('counts for each session its own tokens, and all the time of a pass that it shares', async () => {
    const [first, second] = [1, 2].map(() => model.createSession())
    await model.evalBatch([
      { session: first, ids: IDS.slice(0, 6) },
      { session: second, ids: IDS.slice(0, 4) },
    ])
    // The double takes a millisecond for each row, so all ten take 10 ms.
    expect(first.stats()).toMatchObject({ nPrompt: 6, prefillTps: 600 })
    expect(second.stats()).toMatchObject({ nPrompt: 4, prefillTps: 400 })
  })

  it('evaluates what a generation has left pending before them', async () => {
    const [session, other, solo] = [1, 1, 1].map((seed) => model.createSession({ seed }))
    for (const each of [session, solo]) await idsOf(each.generate(IDS.slice(0, 20), { maxTokens: 4 }))
    await model.evalBatch([
      { session, ids: [7, 8] },
      { session: other, ids: [9] },
    ])
    await solo.eval([7, 8])
    expect(session.ids).toEqual(solo.ids)
    expect(session.logits()).toEqual(solo.logits())
  })

  it('takes typed arrays and sessions of different kinds, and one session alone', async () => {
    const sessions = [model.createSession({ kvType: 'f32' }), model.createSession({ contextShift: true })]
    await model.evalBatch([
      { session: sessions[0], ids: Int32Array.of(1, 2) },
      { session: sessions[1], ids: new Uint16Array(390).fill(3) },
    ])
    expect(sessions.map(({ position }) => position)).toEqual([2, 390])
    // Where there is no room, a context shift makes some.
    await model.evalBatch([{ session: sessions[1], ids: new Array(20).fill(4) }])
    expect(sessions[1].position).toBeLessThan(390)
    expect(sessions[1].stats().nShifts).toBe(1)
  })

  it('aborts all of them with its signal', async () => {
    const due = vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const sessions = [1, 2].map(() => model.createSession())
    const controller = new AbortController()
    const entries = sessions.map((session) => ({ session, ids: IDS.slice(0, 300) }))
    const running = model.evalBatch(entries, { signal: controller.signal })
    setTimeout(() => controller.abort('enough'), 5)
    await expect(running).rejects.toBe('enough')
    due.mockRestore()
    for (const session of sessions) {
      expect(session.isBusy).toBe(false)
      expect(session.position).toBeLessThan(300)
      await session.eval([1])
    }
    const before = batches.length
    const few = sessions.map((session) => ({ session, ids: [1] }))
    await expect(model.evalBatch(few, { signal: AbortSignal.abort('early') })).rejects.toBe('early')
    expect(batches).toHaveLength(before)
  })

  it('has one listener on its signal, however many entries there are, and none afterwards', async () => {
    const { signal } = new AbortController()
    const added = vi.spyOn(signal, 'addEventListener')
    const removed = vi.spyOn(signal, 'removeEventListener')
    const sessions = Array.from({ length: 20 }, () => model.createSession())
    await model.evalBatch(
      sessions.map((session) => ({ session, ids: [1] })),
      { signal },
    )
    expect(added).toHaveBeenCalledTimes(1)
    expect(removed).toHaveBeenCalledWith('abort', added.mock.calls[0][1])
  })

  it('evaluates the others where some fail, and rejects with the first failure', async () => {
    const due = vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const sessions = [1, 2, 3].map(() => model.createSession())
    const running = model.evalBatch(sessions.map((session) => ({ session, ids: IDS.slice(0, 300) })))
    const ending = expect(running).rejects.toEqual(failure('DISPOSED', 'the session has been disposed'))
    setTimeout(() => void sessions[1].dispose(), 5)
    await ending
    due.mockRestore()
    for (const session of [sessions[0], sessions[2]]) expect(session.position).toBe(300)
  })

  it('leaves a session that has no memory as it was', async () => {
    const [small, large] = [1, 2].map(() => model.createSession())
    await model.evalBatch([
      { session: small, ids: [1] },
      { session: large, ids: [2] },
    ])
    executable.memoryLimit = executable.bytesInUse + 20 * 64
    const logits = large.logits()
    await expect(
      model.evalBatch([
        { session: large, ids: IDS.slice(0, 100) },
        { session: small, ids: IDS.slice(0, 10) },
      ]),
    ).rejects.toEqual(failure('OUT_OF_MEMORY', '2 open sessions hold'))
    expect([small.position, large.position]).toEqual([11, 1])
    expect(large.logits()).toEqual(logits)
  })
})

describe('evalBatch refuses before anything runs', () => {
  let session: Session
  beforeEach(() => {
    session = model.createSession({ contextLength: 10 })
  })

  const refused = async (entries: unknown, code: string, message: string, options?: unknown) => {
    const evaluation = model.evalBatch(entries as BatchEntry[], options as object)
    await expect(evaluation).rejects.toEqual(failure(code, message))
    expect(batches).toEqual([])
    expect(session.isBusy).toBe(false)
  }

  it.each<[unknown, string]>([
    [7, 'entries must be an array, not 7'],
    [null, 'entries must be an array, not null'],
    [undefined, 'entries must be an array'],
    [{}, 'entries must be an array'],
    [[], 'entries is empty: there is nothing to evaluate'],
    [[null], 'entries[0] must be an object, not null'],
    [[5], 'entries[0] must be an object, not 5'],
    [[{ ids: [1] }], 'entries[0].session must be a session, not undefined'],
    [[{ session: {}, ids: [1] }], 'entries[0].session must be a session'],
  ])('%o', async (entries, message) => {
    await refused(entries, 'INVALID_ARGUMENT', message)
  })

  it.each<[unknown, string]>([
    [[], 'entries[1].ids is empty: there are no tokens to evaluate'],
    [undefined, 'entries[1].ids must be an array of numbers'],
    ['text', 'entries[1].ids must be an array of numbers, not "text"'],
    [[1, VOCAB], `entries[1].ids: token ${VOCAB} at index 1 is not in the vocabulary`],
    [[1.5], 'entries[1].ids: token 1.5 at index 0'],
  ])('ids %o', async (ids, message) => {
    await refused(
      [
        { session, ids: [1] },
        { session: model.createSession(), ids },
      ],
      'INVALID_ARGUMENT',
      message,
    )
  })

  it('a session that is listed twice', async () => {
    const entries = [
      { session, ids: [1] },
      { session: model.createSession(), ids: [1] },
      { session, ids: [2] },
    ]
    await refused(entries, 'INVALID_ARGUMENT', 'entries[2] and entries[0] have the same session')
  })

  it('a session of another model', async () => {
    const other = await recurrentModel({ reach: 'kv' })
    const entries = [
      { session, ids: [1] },
      { session: other.model.createSession(), ids: [1] },
    ]
    await refused(entries, 'INVALID_ARGUMENT', 'entries[1].session belongs to another model')
  })

  it('a session that is disposed, busy or full, by its entry', async () => {
    const other = model.createSession()
    const entries = [
      { session: other, ids: [1] },
      { session, ids: new Array(11).fill(1) },
    ]
    const full = 'entries[1]: 11 tokens do not fit: 0 of 10 positions are taken'
    await refused(entries, 'CONTEXT_FULL', full)
    await other.dispose()
    await refused(entries, 'DISPOSED', 'entries[0]: the session has been disposed')
    const busy = model.createSession()
    const running = busy.eval(IDS.slice(0, 9))
    await expect(
      model.evalBatch([
        { session, ids: [1] },
        { session: busy, ids: [1] },
      ]),
    ).rejects.toEqual(failure('BUSY', 'entries[1]: the session is busy with another call'))
    await running
    expect(session.position).toBe(0)
    expect(batches).toEqual([[9]])
  })

  it('what is pending counts among the tokens that do not fit', async () => {
    await idsOf(session.generate([1, 2, 3], { maxTokens: 2, ignoreEos: true }))
    expect(session.position).toBe(4)
    const before = batches.splice(0)
    expect(before).not.toEqual([])
    await refused([{ session, ids: [1, 2, 3, 4, 5, 6] }], 'CONTEXT_FULL', 'entries[0]: 7 tokens do not fit')
    await model.evalBatch([{ session, ids: [1, 2, 3, 4, 5] }])
    expect(session.position).toBe(10)
  })

  it.each<[unknown, string]>([
    [null, 'options must be an object'],
    [{ signal: 'now' }, 'signal must be an AbortSignal'],
  ])('options %o', async (options, message) => {
    await refused([{ session, ids: [1] }], 'INVALID_ARGUMENT', message, options)
  })

  it('sessions of a model that has been disposed', async () => {
    await model.dispose()
    await refused([{ session, ids: [1] }], 'DISPOSED', 'the model has been disposed')
  })
})

describe('generations on several sessions at once', () => {
  const SAMPLED: GenerateOptions = { temp: 1, topK: 50, penalty: 1.2, ignoreEos: true, maxTokens: 30 }
  const GREEDY: GenerateOptions = { ignoreEos: true, maxTokens: 30 }
  const PROMPTS = [IDS.slice(0, 5), IDS.slice(100, 340), IDS.slice(400, 402), IDS.slice(500, 520)]

  let small: Model
  beforeAll(async () => {
    small = await loadSmall({ format: 'Q8_0' })
  })
  afterAll(() => small.dispose())

  it.each([
    ['greedy', GREEDY],
    ['sampled', SAMPLED],
  ])('give each one’s own ids, %s', async (_, options) => {
    const solo: (readonly number[])[] = []
    for (const [seed, prompt] of PROMPTS.entries()) {
      await using session = small.createSession({ seed })
      solo.push(await idsOf(session.generate(prompt, options)))
    }
    const sessions = PROMPTS.map((_, seed) => small.createSession({ seed }))
    const together = await Promise.all(
      sessions.map((session, i) => idsOf(session.generate(PROMPTS[i], options))),
    )
    expect(together).toEqual(solo)
    expect(new Set(solo.map(String)).size).toBe(PROMPTS.length)
    for (const session of sessions) await session.dispose()
  })

  it.each([2, 4, 8])('share their passes: %i of them', async (count) => {
    const sessions = Array.from({ length: count }, (_, seed) => model.createSession({ seed }))
    await Promise.all(sessions.map((session) => idsOf(session.generate(IDS.slice(0, 6), SAMPLED))))
    // The first one starts before the others are there, so it ends a pass before them.
    const full = batches.filter((rows) => rows.length === count).length
    expect(full).toBeGreaterThanOrEqual(28)
    expect(batches.length).toBeLessThanOrEqual(29 + 4)
  })

  it('share them with one that reads a prompt meanwhile, which has the rows after theirs', async () => {
    const sessions = [1, 2].map((seed) => model.createSession({ seed }))
    const generating = sessions.map((session) => idsOf(session.generate(IDS.slice(0, 6), SAMPLED)))
    const reading = model.createSession().eval(IDS.slice(0, 390))
    await Promise.all([...generating, reading])
    const mixed = batches.filter((rows) => rows.length === 3 && rows[0] === 1 && rows[1] === 1)
    expect(mixed.length).toBeGreaterThan(1)
    for (const [, , rows] of mixed) expect(rows).toBeGreaterThanOrEqual(5)
  })
})
