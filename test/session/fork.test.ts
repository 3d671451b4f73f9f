import { beforeAll, describe, expect, it, vi } from 'vitest'
import { type GenerateOptions, loadModel, type Model, type Session } from '../../src/index.js'
import { pacer } from '../../src/platform/pacer.js'
import { smallModel } from '../model/small.js'
import { idsOf, loadSmall } from './collect.js'

let model: Model
beforeAll(async () => {
  model = await loadSmall()
})

const PROMPT = 'two roads diverged in a yellow wood'
const HOT: GenerateOptions = { temp: 1, topK: 80, penalty: 1.3, maxTokens: 12 }

function newSession(options: Parameters<Model['createSession']>[0] = {}): Session {
  return model.createSession({ seed: 6, contextLength: 100, ...options })
}

/** Bytes that a session with a few tokens takes: a page for each layer. */
async function pageBytes(): Promise<number> {
  const before = model.memoryBytes
  using session = newSession()
  await session.eval([1])
  return model.memoryBytes - before
}

describe('a fork', () => {
  it.each(['f16', 'f32'] as const)('continues as the session would, with an %s cache', async (kvType) => {
    using whole = newSession({ kvType })
    const expected = await idsOf(whole.generate(PROMPT, { ...HOT, maxTokens: 24 }))
    using session = newSession({ kvType })
    const first = await idsOf(session.generate(PROMPT, HOT))
    using fork = await session.fork()
    expect(fork).toMatchObject({ kvType, seed: 6, contextLength: 100, position: session.position })
    expect(fork.ids).toEqual(session.ids)
    expect(fork.logits()).toEqual(session.logits())
    for (const each of [fork, session]) {
      expect([...first, ...(await idsOf(each.generate(undefined, HOT)))]).toEqual(expected)
    }
  })

  it('and its session are independent, whichever writes first', async () => {
    for (const firstToGo of ['fork', 'session']) {
      using session = newSession()
      await session.eval(model.encode(PROMPT))
      using fork = await session.fork()
      using second = await session.fork()
      fork.setSeed(99)
      const branches = firstToGo === 'fork' ? [fork, session, second] : [session, second, fork]
      const told = new Map<Session, readonly number[]>()
      for (const branch of branches) told.set(branch, await idsOf(branch.generate(undefined, HOT)))
      for (const [branch, ids] of told) {
        using alone = newSession({ seed: branch === fork ? 99 : 6 })
        expect(ids).toEqual(await idsOf(alone.generate(PROMPT, HOT)))
        expect(branch.logits()).toEqual(alone.logits())
      }
      expect(told.get(fork)).not.toEqual(told.get(session))
      expect(told.get(second)).toEqual(told.get(session))
    }
  })

  it('can rewind and overwrite what both share', async () => {
    using session = newSession()
    await session.eval(model.encode(PROMPT))
    const logits = session.logits()
    using fork = await session.fork()
    await fork.rewind(10)
    await fork.eval([5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
    expect(fork.logits()).not.toEqual(logits)
    await idsOf(session.generate(PROMPT, { maxTokens: 0 }))
    expect(session.logits()).toEqual(logits)
  })

  it('allocates memory only when one of them evaluates something, and then one page', async () => {
    const bytes = await pageBytes()
    expect(bytes).toBeGreaterThan(0)
    using session = newSession()
    await session.eval(model.encode(PROMPT))
    const before = model.memoryBytes
    const forks: Session[] = []
    for (let i = 0; i < 5; i++) forks.push(await session.fork())
    for (const fork of forks) {
      fork.sample({ temp: 1 })
      await fork.rewind(1)
    }
    expect(model.memoryBytes).toBe(before)
    await forks[0].eval([7])
    expect(model.memoryBytes).toBe(before + bytes)
    await forks[0].eval([8])
    await session.eval([7])
    expect(model.memoryBytes).toBe(before + 2 * bytes)
    for (const fork of forks.slice(1, 4)) fork.dispose()
    // The last one that reads the common part owns it now.
    await forks[4].eval([7])
    expect(model.memoryBytes).toBe(before + 2 * bytes)
    for (const fork of forks) fork.dispose()
    expect(model.memoryBytes).toBe(before)
  })

  it('stays usable when its session is disposed', async () => {
    const session = newSession()
    const before = model.memoryBytes
    const first = await idsOf(session.generate(PROMPT, HOT))
    const fork = await session.fork()
    const shared = model.memoryBytes
    session.dispose()
    expect(model.memoryBytes).toBe(shared)
    using whole = newSession()
    const expected = await idsOf(whole.generate(PROMPT, { ...HOT, maxTokens: 24 }))
    expect([...first, ...(await idsOf(fork.generate(undefined, HOT)))]).toEqual(expected)
    whole.dispose()
    fork.dispose()
    expect(model.memoryBytes).toBe(before)
  })

  it('of a fork, and of a session that has evaluated nothing', async () => {
    using session = newSession()
    using fork = await session.fork()
    using second = await fork.fork()
    const expected = await idsOf(session.generate(PROMPT, HOT))
    expect(await idsOf(second.generate(PROMPT, HOT))).toEqual(expected)
    expect(await idsOf(fork.generate(PROMPT, HOT))).toEqual(expected)
  })

  it('has statistics of its own', async () => {
    using session = newSession()
    await idsOf(session.generate(PROMPT, HOT))
    using fork = await session.fork()
    expect(fork.stats()).toMatchObject({ nPrompt: 0, nGen: 0 })
    await idsOf(fork.generate(undefined, { maxTokens: 3 }))
    expect(session.stats().nGen).toBe(12)
  })

  it('runs at the same time as its session', async () => {
    using session = newSession()
    await session.eval(model.encode(PROMPT))
    using fork = await session.fork()
    const [one, other] = await Promise.all([
      idsOf(session.generate(undefined, HOT)),
      idsOf(fork.generate(undefined, HOT)),
    ])
    expect(one).toEqual(other)
  })

  it('is rejected while busy and after dispose; the model disposes of forks', async () => {
    const other = await loadSmall()
    const session = other.createSession()
    for await (const _ of session.generate(PROMPT, { maxTokens: 2 })) {
      await expect(session.fork()).rejects.toEqual(expect.objectContaining({ code: 'BUSY' }))
    }
    const fork = await session.fork()
    session.dispose()
    await expect(session.fork()).rejects.toEqual(expect.objectContaining({ code: 'DISPOSED' }))
    other.dispose()
    expect(() => fork.generate(PROMPT)).toThrow(expect.objectContaining({ code: 'DISPOSED' }))
    expect(other.memoryBytes).toBe(0)
  })

  it.each<[string, (other: Session) => Promise<unknown>]>([
    ['writes too', (other) => other.eval([5])],
    ['is disposed', async (other) => other.dispose()],
    [
      'is reset and written to',
      async (other) => {
        await other.reset()
        await other.eval([9, 8])
      },
    ],
  ])('copies what is common while the event loop runs, and its session %s', async (_, meanwhile) => {
    const used = model.memoryBytes
    using plain = newSession()
    await plain.eval([1, 2, 3, 4, 5, 6])
    await plain.eval([7])
    const session = newSession()
    await session.eval([1, 2, 3, 4, 5, 6])
    const fork = await session.fork()
    const due = vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const writing = fork.eval([7])
    await Promise.all([writing, meanwhile(session)])
    due.mockRestore()
    expect(fork.logits()).toEqual(plain.logits())
    for (const each of [session, fork, plain]) each.dispose()
    expect(model.memoryBytes).toBe(used)
  })

  it('that is aborted while it evaluates is unchanged, and leaks no memory', async () => {
    using session = newSession()
    await session.eval([1, 2, 3, 4, 5, 6])
    const used = model.memoryBytes
    const fork = await session.fork()
    const controller = new AbortController()
    using _ = vi.spyOn(pacer, 'isDue').mockImplementation(() => {
      controller.abort('enough')
      return true
    })
    await expect(fork.eval([7], { signal: controller.signal })).rejects.toBe('enough')
    expect(fork.position).toBe(6)
    expect(fork.logits()).toEqual(session.logits())
    fork.dispose()
    expect(model.memoryBytes).toBe(used)
  })

  it('that runs out of memory when it writes is unchanged', async () => {
    const tight = await loadModel(smallModel(), { memoryLimit: 4 * 2 ** 20 })
    using session = tight.createSession()
    await session.eval([1, 2, 3, 4])
    using fork = await session.fork()
    const hoard: Session[] = []
    const fill = async () => {
      for (;;) {
        hoard.push(tight.createSession())
        await hoard.at(-1)?.eval([1])
      }
    }
    await expect(fill()).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
    await expect(fork.eval([5])).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
    expect(fork.position).toBe(4)
    expect(fork.logits()).toEqual(session.logits())
    for (const each of hoard) each.dispose()
    await fork.eval([5])
    expect(fork.position).toBe(5)
  })
})
