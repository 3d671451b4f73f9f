import { describe, expect, it, vi } from 'vitest'
import { type Phase, phaseOf } from '../../src/backend/batch.js'
import type { GenerateOptions, Session } from '../../src/index.js'
import { pacer } from '../../src/platform/pacer.js'
import { VOCAB } from '../model/small.js'
import { randomIds } from '../support/random-models.js'
import type { RecurrentExecutable } from '../support/recurrent-executable.js'
import type { Reach } from '../support/recurrent-memory.js'
import { recurrentModel } from '../support/recurrent-model.js'
import { collect, idsOf } from './collect.js'

const PROMPT = randomIds(700, VOCAB, 'a prompt')
const HOT: GenerateOptions = { temp: 1, topK: 80, ignoreEos: true }

/** Tokens with the phases that they are expected to have been evaluated in. */
type Evaluated = readonly (readonly [ids: readonly number[], phase: Phase])[]

/** Compares a session's logits with those of an evaluation from the beginning, to the last bit. */
function expectBits(session: Session, { network }: RecurrentExecutable, evaluated: Evaluated): void {
  const ids = evaluated.flatMap(([ids]) => ids)
  const phases = evaluated.flatMap(([ids, phase]) => ids.map(() => phase))
  expect(session.ids).toEqual(ids)
  expect(session.logits()).toEqual(network.logits(network.stateAfter(ids, (at) => phases[at])))
}

/** Rows that `work` has evaluated. */
async function rowsOf(executable: RecurrentExecutable, work: () => Promise<unknown>): Promise<number> {
  const before = executable.rows
  await work()
  return executable.rows - before
}

async function start(reach: Reach = 'recurrent') {
  const { model, executable } = await recurrentModel({ reach })
  return { model, executable, session: model.createSession({ seed: 1 }) }
}

describe('the network of these tests', () => {
  it('has phases that differ, and a bit that differs is never forgotten', async () => {
    const { executable } = await start()
    const { network } = executable
    const [one, other] = (['prefill', 'decode'] as const).map((phase) =>
      network.logits(network.stateAfter(PROMPT, (at) => (at === 1 ? phase : 'prefill'))),
    )
    expect(one).not.toEqual(other)
  })
})

describe('a memory that cannot be cut', () => {
  it('evaluates a prompt and what is generated once', async () => {
    const { executable, session } = await start()
    const generation = session.generate(PROMPT.slice(0, 300), { ...HOT, maxTokens: 20 })
    expect(await rowsOf(executable, () => collect(generation))).toBe(300 + 19)
    expectBits(session, executable, [
      [PROMPT.slice(0, 300), 'prefill'],
      [generation.ids.slice(0, -1), 'decode'],
    ])
    // Going on evaluates what is pending, and no more.
    const more = session.generate(undefined, { ...HOT, maxTokens: 5 })
    expect(await rowsOf(executable, () => collect(more))).toBe(5)
  })

  it.each([
    ['to the end of the prompt, which is a checkpoint', 10, 300],
    ['into the prompt', 15, 0],
    ['into a long prompt', 15, 512, 600],
  ])('rewinds %s, and evaluates the gap from there', async (_, back, checkpoint, length = 300) => {
    const { executable, session } = await start()
    const prompt = PROMPT.slice(0, length)
    await session.eval(prompt)
    const generated = await idsOf(session.generate(undefined, { ...HOT, maxTokens: 11 }))
    expect(session.position).toBe(length + 10)
    expect(await rowsOf(executable, () => session.rewind(1 + back))).toBe(0)
    const kept = length + 10 - back
    expect(session.position).toBe(kept)
    expect(() => session.logits()).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(await rowsOf(executable, () => session.eval([7, 8, 9, 10]))).toBe(kept - checkpoint + 4)
    expectBits(session, executable, [
      [prompt.slice(0, kept), 'prefill'],
      [generated.slice(0, Math.max(0, 10 - back)), 'decode'],
      [[7, 8, 9, 10], 'prefill'],
    ])
  })

  it('evaluates a gap of both phases in each one, and at most once', async () => {
    const { executable, session } = await start()
    await session.eval([3, 4])
    await session.eval(PROMPT.slice(0, 150))
    for (const id of [5, 6, 7]) await session.eval([id])
    await session.eval(PROMPT.slice(0, 9))
    await session.rewind(2)
    // The newest checkpoint is the end of the first prompt of several tokens.
    expect(await rowsOf(executable, () => session.eval([9]))).toBe(3 + 7 + 1)
    expect(await rowsOf(executable, () => session.eval([9]))).toBe(1)
    expectBits(session, executable, [
      [[3, 4], 'decode'],
      [PROMPT.slice(0, 150), 'prefill'],
      [[5, 6, 7], 'decode'],
      [PROMPT.slice(0, 7), 'prefill'],
      [[9, 9], 'decode'],
    ])
  })

  it('has logits again after a rewind, from the last token', async () => {
    const { executable, session } = await start()
    await session.eval(PROMPT)
    await session.rewind(100)
    const generation = session.generate(undefined, { ...HOT, maxTokens: 1 })
    expect(await rowsOf(executable, () => collect(generation))).toBe(600 - 512)
    expect(generation.usage).toEqual({ promptTokens: 600, cachedTokens: 512, completionTokens: 1 })
    expectBits(session, executable, [[PROMPT.slice(0, 600), 'prefill']])
  })

  it.each([
    ['that goes on after a prompt', 300, 350, 300],
    ['that is the same', 300, 300, 0],
    ['that is the same, and long', 600, 600, 512],
    ['that parts from it early', 600, 40, 0],
  ])('serves a prompt %s as far as it reaches', async (_, first, second, cached) => {
    const { executable, session } = await start()
    await idsOf(session.generate(PROMPT.slice(0, first), { ...HOT, maxTokens: 9 }))
    const prompt = PROMPT.slice(0, second)
    expect(session.cachedPrefixLength(prompt)).toBe(cached)
    const generation = session.generate(prompt, { maxTokens: 0 })
    expect(await rowsOf(executable, () => collect(generation))).toBe(second - cached)
    expect(session.stats()).toMatchObject({ nPrompt: second - cached, nCached: cached })
    expect(generation.usage).toMatchObject({ promptTokens: second, cachedTokens: cached })
    expectBits(session, executable, [[prompt, 'prefill']])
  })

  it('serves a conversation that goes on with reuse "all"', async () => {
    const { executable, session } = await start()
    const reply = await idsOf(session.generate(PROMPT.slice(0, 300), { ...HOT, maxTokens: 9 }))
    const prompt = [...PROMPT.slice(0, 300), ...reply, ...PROMPT.slice(500, 520)]
    // All but the reply's last token, which has not been evaluated.
    expect(session.cachedPrefixLength(prompt, 'all')).toBe(308)
    expect(session.cachedPrefixLength(prompt, 'exact')).toBe(300)
    const going = session.generate(prompt, { maxTokens: 0, reuse: 'all' })
    expect(await rowsOf(executable, () => collect(going))).toBe(21)
    expectBits(session, executable, [
      [PROMPT.slice(0, 300), 'prefill'],
      [reply.slice(0, -1), 'decode'],
      [[reply[8], ...PROMPT.slice(500, 520)], 'prefill'],
    ])
  })

  it('is forked with its gap', async () => {
    const { executable, session } = await start()
    await session.eval(PROMPT)
    await session.rewind(60)
    const fork = await session.fork()
    for (const each of [fork, session]) {
      expect(await rowsOf(executable, () => each.eval([1, 2, 3, 4]))).toBe(640 - 512 + 4)
      expectBits(each, executable, [
        [PROMPT.slice(0, 640), 'prefill'],
        [[1, 2, 3, 4], 'prefill'],
      ])
    }
  })

  it('is saved with its gap, and restored elsewhere', async () => {
    const { model, executable, session } = await start()
    await session.eval(PROMPT)
    await session.rewind(60)
    const bytes = await session.save()
    const other = model.createSession()
    await other.restore(bytes)
    expect(other.ids).toEqual(PROMPT.slice(0, 640))
    expect(await other.save()).toEqual(bytes)
    expect(await rowsOf(executable, () => other.eval([1]))).toBe(640 - 512 + 1)
    expectBits(other, executable, [
      [PROMPT.slice(0, 640), 'prefill'],
      [[1], 'decode'],
    ])
    // One state, whatever the number of tokens.
    expect(bytes.length).toBeLessThan(96 + 4 * 640 + 200)
  })

  it('scores tokens after a gap as after an evaluation from the beginning', async () => {
    const { model, executable, session } = await start()
    await session.eval(PROMPT.slice(0, 200))
    await session.rewind(30)
    const fresh = model.createSession()
    await fresh.eval(PROMPT.slice(0, 170))
    const expected = await fresh.score(PROMPT.slice(300, 320))
    let scores: Float64Array | undefined
    const scoring = async () => {
      scores = await session.score(PROMPT.slice(300, 320))
    }
    expect(await rowsOf(executable, scoring)).toBe(170 + 20)
    expect(scores).toEqual(expected)
    expect(expected[0]).toBeLessThan(0)
    expect(session.logits()).toEqual(fresh.logits())
  })
})

describe('text that is held back', () => {
  /** A generation that is left while tokens are held back: how many rows it takes to go on, and the session. */
  async function leftEarly(reach: Reach, stop: (text: string) => string) {
    const { model, executable, session } = await start(reach)
    using plain = model.createSession({ seed: 1 })
    const prompt = PROMPT.slice(0, 300)
    // No halves of characters, of which a random model would say many.
    const bannedIds = [...Array(VOCAB).keys()].filter((id) => model.piece(id).includes('\ufffd'))
    const options = { ...HOT, bannedIds, maxTokens: 40 }
    const whole = plain.generate(prompt, options)
    const pieces = (await collect(whole)).map(({ piece }) => piece)
    const text = pieces.slice(20, 28).join('')
    const generation = session.generate(prompt, { ...options, stop: stop(text) })
    for await (const _ of generation) if (generation.ids.length === 21) break
    return { executable, session, generation, prompt, whole, options }
  }

  it.each(['recurrent', 'hybrid', 'window', 'kv'] as const)(
    'is taken back to the last token seen, where memory reaches as a %s does',
    async (reach) => {
      // All of it may begin the stop string, until its last token shows that it does not.
      const { executable, session, generation, prompt, whole, options } = await leftEarly(
        reach,
        (text) => `${text}\u0000`,
      )
      expect(generation.stopReason).toBe('callback')
      expect(generation.ids).toEqual(whole.ids.slice(0, 21))
      const more = session.generate(undefined, { ...options, maxTokens: 10 })
      const rows = await rowsOf(executable, () => collect(more))
      expect(more.ids).toEqual(whole.ids.slice(21, 31))
      // The last token seen once more, whose logits are needed; the last of the ten is pending.
      expect(rows).toBe(1 + 9)
      expectBits(session, executable, [
        [prompt, 'prefill'],
        [whole.ids.slice(0, 30), 'decode'],
      ])
    },
  )

  it('costs nothing where all of it is delivered', async () => {
    const { executable, session } = await start()
    const generation = session.generate(PROMPT.slice(0, 300), {
      ...HOT,
      maxTokens: 40,
      stop: ['abc', '\u0000'],
    })
    expect(await rowsOf(executable, () => collect(generation))).toBe(300 + generation.ids.length - 1)
    // What was held is given back: the present state, and the end of the prompt.
    expect([...executable.open].map(({ bytes }) => bytes)).toEqual([2 * 64])
  })
})

describe('a memory of the last positions', () => {
  it('reaches what its window still holds, and begins again before that', async () => {
    const { executable, session } = await start('window')
    await session.eval(PROMPT.slice(0, 300))
    await session.rewind(20)
    expect(await rowsOf(executable, () => session.eval([5]))).toBe(1)
    await session.rewind(60)
    expect(await rowsOf(executable, () => session.eval([5]))).toBe(221 + 1)
    expectBits(session, executable, [
      [PROMPT.slice(0, 221), 'prefill'],
      [[5], 'decode'],
    ])
  })
})

describe('evaluating a gap', () => {
  it('that is aborted leaves the sequence, and goes on from there', async () => {
    const { executable, session } = await start()
    await session.eval(PROMPT.slice(0, 500))
    await session.rewind(10)
    const controller = new AbortController()
    const due = vi.spyOn(pacer, 'isDue').mockImplementation(() => executable.rows === 500 + 256)
    setImmediate(() => controller.abort('enough'))
    await expect(session.eval([1, 2], { signal: controller.signal })).rejects.toBe('enough')
    due.mockRestore()
    expect(session.ids).toEqual(PROMPT.slice(0, 490))
    expect(await rowsOf(executable, () => session.eval([1, 2]))).toBe(490 - 256 + 2)
    expectBits(session, executable, [
      [PROMPT.slice(0, 490), 'prefill'],
      [[1, 2], phaseOf(2)],
    ])
  })
})
