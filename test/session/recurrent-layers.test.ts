import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Phase, phaseOf } from '../../src/backend/batch.js'
import { createChat, type GenerateOptions, loadModel, type Model, type Session } from '../../src/index.js'
import { pacer } from '../../src/platform/pacer.js'
import { append, load as loadExecutable } from '../backend/wasm/load.js'
import { VOCAB } from '../model/small.js'
import { hybridModel, layerStateBytes } from '../support/hybrid-model.js'
import { randomIds } from '../support/random-models.js'
import { collect, idsOf } from './collect.js'

const PROMPT = randomIds(700, VOCAB, 'recurrent layers')
const HOT: GenerateOptions = { temp: 1, topK: 80, ignoreEos: true }

type Options = Parameters<typeof loadModel>[1]
const load = (options: Options = {}, bytes = hybridModel()): Promise<Model> =>
  loadModel(bytes, { threads: 1, worker: false, kernels: 'baseline', contextLength: 2048, ...options })

let model: Model
beforeAll(async () => {
  model = await load()
})
afterAll(() => model.dispose())

/** Tokens with the phases that they are expected to have been evaluated in. */
type Evaluated = readonly (readonly [ids: readonly number[], phase: Phase])[]

/** Compares a session's logits with those of a session that has evaluated everything once, to the last bit. */
async function expectBits(session: Session, evaluated: Evaluated): Promise<void> {
  await using fresh = model.createSession()
  for (const [ids, phase] of evaluated) {
    if (phase === 'prefill') await fresh.eval(ids)
    else for (const id of ids) await fresh.eval([id])
  }
  expect(session.ids).toEqual(fresh.ids)
  expect(Buffer.from(session.logits().buffer).equals(Buffer.from(fresh.logits().buffer))).toBe(true)
}

/** Rows that `work` has evaluated. */
async function rowsOf(work: () => Promise<unknown>): Promise<number> {
  const before = model.counters.rows
  await work()
  return model.counters.rows - before
}

describe('a session on recurrent layers and attention', () => {
  it.each([
    ['to the end of the prompt', 10, 300, 300],
    ['into the prompt', 15, 300, 0],
    ['into a long prompt', 15, 600, 512],
  ])('is rewound %s, and evaluates the gap from a checkpoint', async (_, back, length, checkpoint) => {
    using session = model.createSession({ seed: 1 })
    const prompt = PROMPT.slice(0, length)
    await session.eval(prompt)
    const generated = await idsOf(session.generate(undefined, { ...HOT, maxTokens: 11 }))
    expect(await rowsOf(() => session.rewind(1 + back))).toBe(0)
    const kept = length + 10 - back
    expect(session.position).toBe(kept)
    expect(await rowsOf(() => session.eval([7, 8, 9, 10]))).toBe(kept - checkpoint + 4)
    await expectBits(session, [
      [prompt.slice(0, kept), 'prefill'],
      [generated.slice(0, Math.max(0, 10 - back)), 'decode'],
      [[7, 8, 9, 10], 'prefill'],
    ])
  })

  it.each([
    ['that goes on after a prompt', 300, 350, 300],
    ['that is the same', 300, 300, 0],
    ['that is the same, and long', 600, 600, 512],
    ['that parts from it early', 600, 40, 0],
  ])('serves a prompt %s as far as it reaches', async (_, first, second, cached) => {
    using session = model.createSession({ seed: 1 })
    await idsOf(session.generate(PROMPT.slice(0, first), { ...HOT, maxTokens: 9 }))
    const prompt = PROMPT.slice(0, second)
    expect(session.cachedPrefixLength(prompt)).toBe(cached)
    const generation = session.generate(prompt, { maxTokens: 0 })
    expect(await rowsOf(() => collect(generation))).toBe(second - cached)
    expect(generation.usage).toMatchObject({ promptTokens: second, cachedTokens: cached })
    expect(session.stats()).toMatchObject({ nPrompt: second - cached, nCached: cached })
    await expectBits(session, [[prompt, 'prefill']])
  })

  it('is forked, and each goes its way', async () => {
    using session = model.createSession({ seed: 1 })
    await session.eval(PROMPT.slice(0, 600))
    await session.rewind(20)
    using fork = await session.fork()
    for (const [each, id] of [
      [fork, 5],
      [session, 6],
    ] as const) {
      expect(await rowsOf(() => each.eval([id]))).toBe(580 - 512 + 1)
      await expectBits(each, [
        [PROMPT.slice(0, 580), 'prefill'],
        [[id], phaseOf(1)],
      ])
    }
  })

  it('takes held text back to the last token seen', async () => {
    using plain = model.createSession({ seed: 1 })
    const bannedIds = [...Array(VOCAB).keys()].filter((id) => model.piece(id).includes('\ufffd'))
    const options = { ...HOT, bannedIds, maxTokens: 40 }
    const prompt = PROMPT.slice(0, 300)
    const whole = plain.generate(prompt, options)
    const text = (await collect(whole))
      .map(({ piece }) => piece)
      .slice(20, 28)
      .join('')
    using session = model.createSession({ seed: 1 })
    const generation = session.generate(prompt, { ...options, stop: `${text}\u0000` })
    for await (const _ of generation) if (generation.ids.length === 21) break
    expect(generation.ids).toEqual(whole.ids.slice(0, 21))
    const more = session.generate(undefined, { ...options, maxTokens: 10 })
    // The last token seen once more, whose logits are needed; the last of the ten is pending.
    expect(await rowsOf(() => collect(more))).toBe(1 + 9)
    expect(more.ids).toEqual(whole.ids.slice(21, 31))
  })

  it('goes on after an abort within a prompt', async () => {
    using session = model.createSession({ seed: 1 })
    await session.eval([3])
    const controller = new AbortController()
    using _ = vi.spyOn(pacer, 'isDue').mockImplementation(() => session.position > 1)
    setImmediate(() => controller.abort('enough'))
    await expect(session.eval(PROMPT, { signal: controller.signal })).rejects.toBe('enough')
    const reached = session.position
    expect(reached).toBeLessThan(1 + PROMPT.length)
    await session.eval(PROMPT.slice(reached - 1))
    await expectBits(session, [
      [[3], 'decode'],
      [PROMPT, 'prefill'],
    ])
  })

  it('rejects contextShift', () => {
    expect(() => model.createSession({ contextShift: true })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('contextShift') }),
    )
  })

  it('reuses the turns of a chat', async () => {
    using chat = createChat(model, { template: 'chatml' })
    await chat.send('one', { ...HOT, maxTokens: 12 })
    const { nPrompt, nCached } = chat.stats()
    expect(nCached).toBe(0)
    await chat.send('two', { ...HOT, maxTokens: 12 })
    // All of it but the reply's last token, which has not been evaluated.
    expect(chat.stats().nCached).toBe(nPrompt + 11)
  })
})

describe('speculation', () => {
  it.each(['lookup', 'draft'] as const)('with %s changes no token on recurrent layers', async (kind) => {
    const prompt = [...PROMPT.slice(0, 40), ...PROMPT.slice(0, 40), ...PROMPT.slice(0, 20)]
    const options = { ignoreEos: true, temp: 0.2, maxTokens: 60 }
    using plain = model.createSession({ seed: 4 })
    const expected = await idsOf(plain.generate(prompt, options))
    using session = model.createSession({ seed: 4 })
    await using draft = await load({}, hybridModel({ seed: 1 }))
    const speculation = kind === 'lookup' ? kind : { draft }
    expect(await idsOf(session.generate(prompt, { ...options, speculation }))).toEqual(expected)
    expect(session.stats().nDrafted).toBeGreaterThan(0)
    await session.eval([1])
    await plain.eval([1])
    expect(session.logits()).toEqual(plain.logits())
  })
})

describe('a saved session', () => {
  it('goes on in a Worker, on two threads and on another thread, with the same bits', async () => {
    using session = model.createSession({ seed: 9 })
    await session.generate(PROMPT.slice(0, 600), { ...HOT, maxTokens: 10 }).result()
    const bytes = await session.save()
    const expected = await idsOf(session.generate(undefined, { ...HOT, maxTokens: 10 }))
    for (const options of [{ worker: true }, { threads: 2 }] as const) {
      await using other = await load(options)
      const restored = other.createSession()
      await restored.restore(bytes)
      expect(await restored.save()).toEqual(bytes)
      expect(await idsOf(restored.generate(undefined, { ...HOT, maxTokens: 10 }))).toEqual(expected)
      expect(restored.cachedPrefixLength(PROMPT)).toBe(0)
    }
  })

  it('has one state, however long it is, and is rejected by another plan of layers', async () => {
    await using recurrent = await load({}, hybridModel({ period: 9 }))
    const session = recurrent.createSession()
    await session.eval(PROMPT)
    const bytes = await session.save()
    const rest = bytes.length - 2 * layerStateBytes(8) - 4 * (PROMPT.length + VOCAB)
    expect(rest).toBe(96 + 4 * 16)
    using other = model.createSession()
    await expect(other.restore(bytes)).rejects.toMatchObject({ code: 'MISMATCH' })
  })

  it('of a NaN fails when it goes on, and is not remembered', async () => {
    const executable = await loadExecutable(hybridModel())
    const memory = executable.createMemory('f16')
    await append(executable, memory, PROMPT.slice(0, 20), 'prefill')
    const records = await memory.save()
    const [conv] = records
    const damaged = [{ ...conv, bytes: new Uint8Array(conv.bytes.length).fill(255) }, ...records.slice(1)]
    await memory.restore(damaged, { length: 20 })
    await expect(append(executable, memory, [1, 2, 3, 4], 'prefill')).rejects.toMatchObject({
      code: 'NOT_A_NUMBER',
    })
    expect(memory.length).toBe(20)
    await memory.restore(records, { length: 20 })
    const logits = await append(executable, memory, [1, 2, 3, 4], 'prefill')
    const fresh = executable.createMemory('f16')
    expect(await append(executable, fresh, [...PROMPT.slice(0, 20), 1, 2, 3, 4], 'prefill')).toEqual(logits)
  })
})

describe('prompts of several sessions', () => {
  it('share their beginning up to a checkpoint', async () => {
    await using sharing = await load({ prefixCache: true })
    using first = sharing.createSession({ seed: 1 })
    await first.generate(PROMPT.slice(0, 650), { maxTokens: 1 }).result()
    const prompt = [...PROMPT.slice(0, 600), 1, 2, 3]
    using second = sharing.createSession({ seed: 1 })
    const { usage } = await second.generate(prompt, { maxTokens: 0 }).result()
    expect(usage.cachedTokens).toBe(512)
    await expectBits(second, [[prompt, 'prefill']])
    // The pages that they share count once; each has its own states.
    expect(sharing.prefixCache!.bytes).toBeLessThanOrEqual(sharing.memoryBytes)
  })
})

describe('when memory is short', () => {
  it('checkpoints give way, and results stay the same', async () => {
    const bytes = hybridModel({ layers: 4, period: 4, stateDim: 64 })
    const prompt = [...PROMPT.slice(0, 600), ...PROMPT.slice(0, 40)]
    const options = { ignoreEos: true, temp: 0.2, maxTokens: 40, speculation: 'lookup' } as const
    await using large = await load({}, bytes)
    const unused = large.memoryBytes
    using expected = large.createSession({ seed: 1 })
    const ids = await idsOf(expected.generate(prompt, options))
    expect(expected.cachedPrefixLength(prompt)).toBe(512)
    // What a sequence needs, and the kernels' own data.
    const memoryLimit = unused + large.sessionBytes(768) + 2 ** 17
    await using small = await load({ memoryLimit, contextLength: 768 }, bytes)
    using session = small.createSession({ seed: 1 })
    expect(await idsOf(session.generate(prompt, options))).toEqual(ids)
    expect(session.cachedPrefixLength(prompt)).toBe(0)
    expect(session.logits()).toEqual(expected.logits())
    using other = small.createSession()
    await expect(other.eval(PROMPT)).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
    await session.eval(PROMPT.slice(0, 20))
    await expected.eval(PROMPT.slice(0, 20))
    expect(session.logits()).toEqual(expected.logits())
  })
})
