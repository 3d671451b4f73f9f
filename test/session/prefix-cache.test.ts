import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createChat,
  type GenerateOptions,
  loadModel,
  type Model,
  type SessionOptions,
} from '../../src/index.js'
import { SMALL, smallModel, VOCAB } from '../model/small.js'
import { randomIds } from '../support/random-models.js'
import { STATE_BYTES } from '../support/recurrent-memory.js'
import { recurrentModel } from '../support/recurrent-model.js'

const IDS = randomIds(4000, VOCAB, 'prefix cache')
const HOT: GenerateOptions = { temp: 1, topK: 50, penalty: 1.2, ignoreEos: true, maxTokens: 6 }
const OTHER = IDS.slice(2000, 2100)
/** Bytes of a page of the small model's F32 shape: 2 layers of 2 heads with 16 keys and 16 values in f16. */
const PAGE = 128 * 2 * 2 * (16 + 16) * 2

function load(options: Parameters<typeof loadModel>[1] = {}, shape = {}): Promise<Model> {
  const bytes = smallModel({ shape: { ...SMALL.shape, context: 2048, ...shape } })
  return loadModel(bytes, { threads: 1, worker: false, kernels: 'baseline', prefixCache: true, ...options })
}

/** What a new session makes of a prompt, and how much of that it had to evaluate. */
async function ask(model: Model, prompt: readonly number[], options: SessionOptions = {}) {
  await using session = model.createSession({ seed: 3, ...options })
  const { ids, usage } = await session.generate(prompt, HOT).result()
  return { ids, logits: session.logits(), cached: usage.cachedTokens }
}

describe('prompts of different sessions that begin alike', () => {
  it.each([
    ['within a page', 100],
    ['to the end of a page', 128],
    ['one token further', 129],
    ['several pages long', 300],
  ])('are read once: %s', async (_, common) => {
    await using model = await load()
    await using alone = await load({ prefixCache: false })
    const [first, second] = [[...IDS.slice(0, common), ...OTHER], IDS.slice(0, common + 50)]
    expect((await ask(model, first)).cached).toBe(0)
    const { cached, ...result } = await ask(model, second)
    expect(cached).toBe(common)
    const expected = await ask(alone, second)
    expect(result).toEqual({ ids: expected.ids, logits: expected.logits })
    expect(model.prefixCache).toMatchObject({ prompts: 2, hits: 1, misses: 1, savedTokens: common })
  })

  it('share memory with each other and with what is kept', async () => {
    await using model = await load()
    const unused = model.memoryBytes
    const prompt = IDS.slice(0, 384)
    await ask(model, prompt)
    // The page after the prompt was the session's own.
    expect(model.memoryBytes - unused).toBe(3 * PAGE)
    expect(model.prefixCache?.bytes).toBe(3 * PAGE)
    const sessions = Array.from({ length: 5 }, () => model.createSession())
    for (const session of sessions) await session.generate([...prompt, 7], { maxTokens: 1 }).result()
    // A page each, which the first of them shares with its kept prompt.
    expect(model.memoryBytes - unused).toBe((3 + 5) * PAGE)
    for (const session of sessions) await session.dispose()
    expect(model.memoryBytes - unused).toBe(4 * PAGE)
    expect(model.prefixCache).toMatchObject({ prompts: 1, bytes: 4 * PAGE })
  })

  it('that are read at the same time are kept once', async () => {
    await using model = await load()
    const unused = model.memoryBytes
    const prompt = IDS.slice(0, 256)
    await Promise.all(Array.from({ length: 4 }, () => ask(model, prompt)))
    expect(model.prefixCache).toMatchObject({ prompts: 1, bytes: 2 * PAGE })
    expect(model.memoryBytes - unused).toBe(2 * PAGE)
  })

  it('only take what is more than the session has itself', async () => {
    await using model = await load()
    await ask(model, IDS.slice(0, 200))
    await using session = model.createSession()
    await session.generate(IDS.slice(0, 300), { maxTokens: 1 }).result()
    const { usage } = await session.generate([...IDS.slice(0, 250), 7], { maxTokens: 1 }).result()
    expect(usage.cachedTokens).toBe(250)
    expect(session.cachedPrefixLength(IDS.slice(0, 270))).toBe(269)
  })

  it('are announced by cachedPrefixLength', async () => {
    await using model = await load()
    await ask(model, IDS.slice(0, 200))
    await using session = model.createSession()
    expect(session.cachedPrefixLength([...IDS.slice(0, 150), 7])).toBe(150)
    expect(session.cachedPrefixLength(IDS.slice(0, 200))).toBe(199)
    expect(session.cachedPrefixLength(OTHER)).toBe(0)
  })

  it('of a few tokens, which are evaluated one by one, are shared among such prompts only', async () => {
    await using model = await load()
    await using alone = await load({ prefixCache: false })
    for (const prompt of [IDS.slice(0, 200), IDS.slice(0, 3), IDS.slice(0, 2), IDS.slice(0, 5)]) {
      const { cached: _, ...result } = await ask(model, prompt)
      const { cached: __, ...expected } = await ask(alone, prompt)
      expect(result).toEqual(expected)
    }
  })

  it('are shared in a Worker as well', async () => {
    await using model = await load({ worker: true })
    await using alone = await load({ prefixCache: false })
    await Promise.all(
      [0, 1, 2].map((i) => ask(model, [...IDS.slice(0, 200), ...IDS.slice(300 * i, 300 * i + 9)])),
    )
    const prompt = [...IDS.slice(0, 190), 5, 6]
    const { cached, ...result } = await ask(model, prompt)
    expect(cached).toBe(190)
    expect(result).toEqual({ ids: (await ask(alone, prompt)).ids, logits: (await ask(alone, prompt)).logits })
  })
})

describe('not shared', () => {
  const prompt = IDS.slice(0, 200)

  it.each<[string, SessionOptions]>([
    ['with a session of another scope', { prefixCache: { scope: 'another' } }],
    ['with a session that asks for no cache', { prefixCache: false }],
    ['with another cache type', { kvType: 'f32' }],
    ['with a session whose layers keep more', { contextShift: true }],
  ])('%s', async (_, options) => {
    await using model = await load()
    await ask(model, prompt)
    expect((await ask(model, prompt, options)).cached).toBe(0)
    expect((await ask(model, prompt)).cached).toBe(199)
  })

  it('within a scope, they are', async () => {
    await using model = await load()
    const options = { prefixCache: { scope: 'a tenant' } }
    await ask(model, prompt, options)
    expect((await ask(model, prompt, options)).cached).toBe(199)
    expect((await ask(model, prompt)).cached).toBe(0)
  })

  it('by a model that was not asked to', async () => {
    await using model = await load({ prefixCache: false })
    await ask(model, prompt)
    expect((await ask(model, prompt)).cached).toBe(0)
    expect(model.prefixCache).toBeUndefined()
  })
})

describe('what is kept', () => {
  it('is at most maxBytes, and those not used for longest go first', async () => {
    await using model = await load({ prefixCache: { maxBytes: 4 * PAGE } })
    const prompts = [0, 1, 2].map((i) => IDS.slice(500 * i, 500 * i + 200))
    await ask(model, prompts[0])
    await ask(model, prompts[1])
    await ask(model, prompts[0])
    await ask(model, prompts[2])
    expect(model.prefixCache).toMatchObject({ prompts: 2, evictions: 1, bytes: 4 * PAGE })
    expect((await ask(model, prompts[0])).cached).toBe(199)
    expect((await ask(model, prompts[1])).cached).toBe(0)
  })

  it('is nothing where a prompt alone is more than that', async () => {
    await using model = await load({ prefixCache: { maxBytes: PAGE } })
    await ask(model, IDS.slice(0, 200))
    expect(model.prefixCache).toMatchObject({ prompts: 0, bytes: 0 })
    expect((await ask(model, IDS.slice(0, 200))).cached).toBe(0)
  })

  it('does not count twice what prompts have in common', async () => {
    await using model = await load()
    for (let i = 0; i < 8; i++)
      await ask(model, [...IDS.slice(0, 512), ...IDS.slice(600 + 20 * i, 610 + 20 * i)])
    expect(model.prefixCache).toMatchObject({ prompts: 8, bytes: (4 + 8) * PAGE })
  })

  it('makes room for sessions', async () => {
    const { model, executable } = await recurrentModel({ reach: 'kv', prefixCacheBytes: 2 ** 20 })
    for (let i = 0; i < 5; i++) await ask(model, IDS.slice(300 * i, 300 * i + 100))
    expect(model.prefixCache?.prompts).toBe(5)
    executable.memoryLimit = executable.bytesInUse + 50 * STATE_BYTES
    await using session = model.createSession()
    await session.eval(IDS.slice(0, 240))
    expect(model.prefixCache).toMatchObject({ prompts: 3, evictions: 2 })
    await expect(session.eval(IDS.slice(0, 2000))).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
    expect(model.prefixCache).toMatchObject({ prompts: 0, evictions: 5 })
    expect(session.position).toBe(240)
  })

  it('goes with the model', async () => {
    const { model, executable } = await recurrentModel({ reach: 'hybrid', prefixCacheBytes: 2 ** 20 })
    await ask(model, IDS.slice(0, 100))
    expect(executable.open.size).toBe(1)
    await model.dispose()
    expect(executable.open.size).toBe(0)
  })
})

it('chats with the same system prompt share it', async () => {
  await using model = await load()
  const options = { system: 'You are a pirate, and answer like one. '.repeat(4), template: 'chatml' }
  const cached: number[] = []
  for (const text of ['Who are you?', 'Where is your ship?']) {
    const chat = createChat(model, { ...options, session: { prefixCache: { scope: 'crew' } } })
    const reply = await chat.send(text, { maxTokens: 3, speculation: 'lookup' })
    cached.push(reply.usage.cachedTokens)
    await chat.dispose()
  }
  expect(cached[0]).toBe(0)
  expect(cached[1]).toBeGreaterThan(50)
})

it('a prompt that finds no memory leaves the session as it was', async () => {
  const { model, executable } = await recurrentModel({ reach: 'kv', prefixCacheBytes: 2 ** 20 })
  const { model: alone } = await recurrentModel({ reach: 'kv' })
  await ask(model, IDS.slice(0, 150))
  const before = IDS.slice(0, 120).concat(OTHER)
  const results: number[][] = []
  for (const each of [model, alone]) {
    const session = each.createSession({ seed: 2 })
    await session.generate(before, HOT).result()
    if (each === model) {
      executable.memoryLimit = executable.bytesInUse + 100 * STATE_BYTES
      const prompt = [...IDS.slice(0, 150), ...IDS.slice(1000, 2500)]
      await expect(session.generate(prompt, HOT).result()).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
      executable.memoryLimit = 2 ** 26
    }
    const { ids } = await session.generate(undefined, HOT).result()
    results.push([...session.ids, ...ids])
  }
  expect(results[0]).toEqual(results[1])
})

it.each<[unknown, string]>([
  ['yes', 'prefixCache must be true, false or { maxBytes }'],
  [null, 'prefixCache must be true, false or { maxBytes }'],
  [{}, 'prefixCache.maxBytes must be a whole number'],
  [{ maxBytes: -1 }, 'prefixCache.maxBytes must be a whole number'],
])('loadModel rejects %j', async (prefixCache, message) => {
  await expect(load({ prefixCache: prefixCache as never })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining(message),
  })
})

it.each<[unknown, string]>([
  [1, 'prefixCache must be true, false or { scope }'],
  [{ scope: 5 }, 'prefixCache.scope must be a string'],
])('createSession rejects %j', async (prefixCache, message) => {
  await using model = await load()
  expect(() => model.createSession({ prefixCache: prefixCache as never })).toThrow(message)
})

describe('any sharing, in any interleaving', () => {
  /** Lengths at and around the ends of pages, and checkpoints. */
  const LENGTHS = [1, 2, 5, 60, 127, 128, 129, 200, 256, 513]
  const prompt = fc.record({
    /** Of which texts it consists. */
    parts: fc.array(fc.record({ text: fc.nat(2), length: fc.constantFrom(...LENGTHS) }), {
      minLength: 1,
      maxLength: 3,
    }),
    seed: fc.nat(3),
    scope: fc.constantFrom('', '', '', 'other'),
    isOneMore: fc.boolean(),
    /** Turns of the event loop before it begins. */
    pause: fc.nat(6),
  })
  const scenario = fc.array(prompt, { minLength: 2, maxLength: 7 })
  type Prompt = typeof prompt extends fc.Arbitrary<infer T> ? T : never

  const idsOf = ({ parts }: Prompt) =>
    parts.flatMap(({ text, length }) => IDS.slice(1000 * text, 1000 * text + length))

  /** Each prompt in a session of its own; some read another one after it. */
  async function run(model: Model, each: Prompt): Promise<unknown> {
    for (let i = 0; i < each.pause; i++) await new Promise((resolve) => setImmediate(resolve))
    await using session = model.createSession({ seed: each.seed, prefixCache: { scope: each.scope } })
    const seen: unknown[] = []
    for (const ids of each.isOneMore ? [idsOf(each), idsOf(each).slice(0, -1).concat(9)] : [idsOf(each)]) {
      const { ids: generated } = await session.generate(ids, HOT).result()
      seen.push(generated, session.logits())
    }
    return seen
  }

  it.each(['kv', 'recurrent', 'hybrid', 'window'] as const)(
    'changes no result on a memory of kind %s',
    async (reach) => {
      const shared = await recurrentModel({ reach, prefixCacheBytes: 2 ** 15, isRemote: reach === 'hybrid' })
      const alone = await recurrentModel({ reach })
      await fc.assert(
        fc.asyncProperty(scenario, fc.boolean(), async (prompts, isShort) => {
          const { model, executable } = shared
          executable.memoryLimit = isShort ? executable.bytesInUse + 4000 * STATE_BYTES : 2 ** 26
          const together = await Promise.all(prompts.map((each) => run(model, each)))
          for (const [i, each] of prompts.entries()) expect(together[i]).toEqual(await run(alone.model, each))
        }),
        { seed: 11, numRuns: 25 },
      )
      expect(shared.model.prefixCache?.hits).toBeGreaterThan(10)
      if (reach === 'kv') expect(shared.model.prefixCache?.evictions).toBeGreaterThan(5)
    },
  )

  it('changes no bit in WebAssembly', async () => {
    await using model = await load({ prefixCache: { maxBytes: 30 * PAGE } })
    await using alone = await load({ prefixCache: false })
    const { memoryBytes } = model
    await fc.assert(
      fc.asyncProperty(scenario, async (prompts) => {
        const together = await Promise.all(prompts.map((each) => run(model, each)))
        for (const [i, each] of prompts.entries()) expect(together[i]).toEqual(await run(alone, each))
      }),
      { seed: 12, numRuns: 15 },
    )
    const { hits, evictions, bytes } = model.prefixCache!
    expect(hits).toBeGreaterThan(10)
    expect(evictions).toBeGreaterThan(5)
    // Every page belongs to a kept prompt.
    expect(model.memoryBytes - memoryBytes).toBe(bytes)
  })
})
