import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { embed, type GenerateOptions, type Model, type Session } from '../../src/index.js'
import { pacer } from '../../src/platform/pacer.js'
import { VOCAB } from '../model/small.js'
import { randomIds } from '../support/random-models.js'
import type { RecurrentExecutable } from '../support/recurrent-executable.js'
import { recurrentModel } from '../support/recurrent-model.js'
import { collect } from './collect.js'

const LONG = randomIds(1000, VOCAB, 'long')
const GREEDY: GenerateOptions = { ignoreEos: true, maxTokens: 50 }
const disposed = expect.objectContaining({ code: 'DISPOSED', message: 'the session has been disposed' })

let model: Model
let executable: RecurrentExecutable
let session: Session
beforeEach(async () => {
  ;({ model, executable } = await recurrentModel({ reach: 'recurrent' }))
  session = model.createSession()
  // Everything is cut as finely as can be.
  const due = vi.spyOn(pacer, 'isDue').mockReturnValue(true)
  return () => due.mockRestore()
})

/** Whether a promise has settled within some turns of the event loop. */
async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const settle = () => {
    settled = true
  }
  promise.then(settle, settle)
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
  return settled
}

describe('dispose', () => {
  it('of an idle session releases its memory at once', async () => {
    await session.eval([1, 2, 3])
    void session.dispose()
    expect(executable.open.size).toBe(0)
    await session.dispose()
  })

  it.each<[string, () => Promise<unknown>]>([
    ['eval', () => session.eval(LONG)],
    ['score', () => session.score(LONG)],
    ['save', () => session.save()],
    ['restore', async () => session.restore(await stateOf(model))],
  ])('during %s ends it with DISPOSED, and then releases the memory', async (_, call) => {
    await session.eval([1, 2, 3])
    const running = call()
    const ending = expect(running).rejects.toEqual(disposed)
    while (!session.isBusy) await new Promise((resolve) => setImmediate(resolve))
    const end = session.dispose()
    expect(session.dispose()).toBe(end)
    await expect(session.eval([1])).rejects.toEqual(disposed)
    await end
    await ending
    expect(executable.open.size).toBe(0)
    expect(session.position).toBeLessThan(1000)
    await session.dispose()
  })

  it('during a generation ends it with stopReason abort', async () => {
    const generation = session.generate(LONG.slice(0, 20), GREEDY)
    const running = collect(generation)
    while (generation.ids.length < 3) await new Promise((resolve) => setImmediate(resolve))
    await session.dispose()
    const tokens = await running
    expect(generation.stopReason).toBe('abort')
    expect(tokens.map(({ id }) => id)).toEqual(generation.ids)
    expect(generation.ids.length).toBeLessThan(50)
    expect(executable.open.size).toBe(0)
    expect(await generation.result()).toMatchObject({ stopReason: 'abort', ids: generation.ids })
  })

  it('within its prompt, while result() is pending', async () => {
    const result = session.generate(LONG, GREEDY).result()
    await new Promise((resolve) => setImmediate(resolve))
    await session.dispose()
    expect(await result).toMatchObject({ ids: [], text: '', stopReason: 'abort' })
  })

  it('in the loop of a generation ends the loop, however long the caller takes', async () => {
    for (const stop of [[], ['e', 'a', 'i', 'o']]) {
      const own = model.createSession()
      const generation = own.generate(LONG.slice(0, 20), { ...GREEDY, stop })
      let seen = 0
      for await (const _ of generation) {
        seen++
        await own.dispose()
        expect(generation.stopReason).toBe('abort')
        expect(own.isBusy).toBe(false)
      }
      expect(seen).toBe(1)
      expect(generation.ids).toHaveLength(1)
    }
  })

  it('of a session with an abandoned generation', async () => {
    const iterator = session.generate(LONG.slice(0, 20), GREEDY)[Symbol.asyncIterator]()
    await iterator.next()
    expect(session.isBusy).toBe(true)
    await session.dispose()
    expect(session.isBusy).toBe(false)
    expect(await iterator.next()).toMatchObject({ done: true })
  })

  it('during fork()', async () => {
    await session.eval([1, 2, 3])
    const [fork] = await Promise.allSettled([session.fork(), session.dispose()])
    expect(fork).toEqual({ status: 'rejected', reason: disposed })
    expect(executable.open.size).toBe(0)
  })

  it("does not touch the caller's signal", async () => {
    const controller = new AbortController()
    const running = session.eval(LONG, { signal: controller.signal })
    const ending = expect(running).rejects.toBe('mine')
    controller.abort('mine')
    await session.dispose()
    await ending
  })

  it('does not hang after a call whose signal cannot be released', async () => {
    const { signal } = new AbortController()
    vi.spyOn(signal, 'removeEventListener').mockImplementation(() => {
      throw new Error('not removed')
    })
    await expect(session.eval([1], { signal })).rejects.toThrow('not removed')
    expect(session.isBusy).toBe(false)
    await session.dispose()
    expect(executable.open.size).toBe(0)
  })

  it('by declaration: `using` begins it, `await using` waits for it', async () => {
    let running: Promise<void> | undefined
    {
      using own = model.createSession()
      running = own.eval(LONG)
    }
    await expect(running).rejects.toEqual(disposed)
    {
      await using own = model.createSession()
      running = own.eval(LONG)
      running.catch(() => {})
    }
    expect(executable.open.size).toBe(1)
    await expect(running).rejects.toEqual(disposed)
  })
})

describe('a session that is held by its generation alone', () => {
  it('is not collected before the generation ends', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const warnings: string[] = []
    const own = await recurrentModel({
      reach: 'kv',
      onWarning: ({ code }) => void warnings.push(code),
    })
    const generation = own.model.createSession().generate([1, 2, 3], { ...GREEDY, maxTokens: 10 })
    for await (const _ of generation) {
      collect()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(generation.ids).toHaveLength(10)
    expect(warnings).toEqual([])
  })
})

describe('dispose of a model', () => {
  it('ends what is running on all sessions and embeddings, then the executable', async () => {
    const generating = model.createSession()
    const generation = generating.generate(LONG.slice(0, 20), GREEDY)
    const iterator = generation[Symbol.asyncIterator]()
    await iterator.next()
    const failures = [
      expect(session.eval(LONG)).rejects.toEqual(disposed),
      expect(embed(model, [LONG, LONG])).rejects.toEqual(
        expect.objectContaining({ code: 'DISPOSED', message: 'the model has been disposed' }),
      ),
    ]
    model.createSession()
    const end = model.dispose()
    expect(() => model.createSession()).toThrow(expect.objectContaining({ code: 'DISPOSED' }))
    expect(executable.isDisposed).toBe(false)
    expect(model.dispose()).toBe(end)
    await end
    expect(executable.isDisposed).toBe(true)
    expect(executable.open.size).toBe(0)
    expect(model.memoryBytes).toBe(0)
    expect(generation.stopReason).toBe('abort')
    await Promise.all(failures)
    await expect(embed(model, 'a')).rejects.toMatchObject({ code: 'DISPOSED' })
  })

  it('of an idle one ends at once', async () => {
    await session.eval([1])
    void model.dispose()
    expect(executable.isDisposed).toBe(true)
    expect(model.memoryBytes).toBe(0)
    await model[Symbol.asyncDispose]()
    model[Symbol.dispose]()
    expect(model.decode(model.encode('still text'))).toContain('still text')
  })

  it('waits for a call that ignores its signal', async () => {
    let finish: () => void = () => {}
    const waiting = new Promise<number>((resolve) => {
      finish = () => resolve(1)
    })
    const run = vi.spyOn(executable, 'run').mockReturnValue(waiting)
    const running = session.eval([1, 2])
    await vi.waitFor(() => expect(run).toHaveBeenCalled())
    const end = model.dispose()
    expect(await hasSettled(end)).toBe(false)
    expect(executable.isDisposed).toBe(false)
    vi.spyOn(executable, 'run').mockRejectedValue(new Error('late'))
    finish()
    await running.catch(() => {})
    await end
    expect(executable.isDisposed).toBe(true)
  })
})

/** A state with many tokens. */
async function stateOf(model: Model): Promise<Uint8Array> {
  const session = model.createSession()
  await session.eval(LONG)
  const bytes = await session.save()
  await session.dispose()
  return bytes
}
