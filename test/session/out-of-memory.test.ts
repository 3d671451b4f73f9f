import { describe, expect, it } from 'vitest'
import type { GenerateOptions, Session } from '../../src/index.js'
import { VOCAB } from '../model/small.js'
import { randomIds } from '../support/random-models.js'
import type { RecurrentExecutable } from '../support/recurrent-executable.js'
import { STATE_BYTES } from '../support/recurrent-memory.js'
import { recurrentModel } from '../support/recurrent-model.js'

const IDS = randomIds(900, VOCAB, 'out of memory')
const HOT: GenerateOptions = { temp: 1, topK: 50, ignoreEos: true, maxTokens: 6 }

/** Sessions on memories that take 64 bytes for each token. */
async function start() {
  const { model, executable } = await recurrentModel({ reach: 'kv' })
  return { model, executable, session: model.createSession({ seed: 1 }) }
}

/** Leaves memory for `tokens` more tokens. */
function leaveRoom(executable: RecurrentExecutable, tokens: number): void {
  executable.memoryLimit = executable.bytesInUse + tokens * STATE_BYTES
}

/** Everything about a session that a failure must not change. */
async function portrait(session: Session) {
  const { ids, seed, position } = session
  return { ids, seed, position, state: await session.save() }
}

const outOfMemory = expect.objectContaining({ code: 'OUT_OF_MEMORY' })

describe('when memory runs out', () => {
  it.each<[string, (session: Session) => Promise<unknown>]>([
    ['eval', (session) => session.eval(IDS.slice(0, 300))],
    ['score', (session) => session.score(IDS.slice(0, 300))],
    ['a prompt', (session) => session.generate(IDS, HOT).result()],
    [
      'a prompt that begins alike',
      (session) => session.generate([...IDS.slice(0, 60), ...IDS], HOT).result(),
    ],
  ])('%s leaves the session unchanged', async (_, call) => {
    const { executable, session } = await start()
    await session.generate(IDS.slice(0, 100), HOT).result()
    const before = await portrait(session)
    const logits = session.logits()
    leaveRoom(executable, 200)
    await expect(call(session)).rejects.toEqual(outOfMemory)
    expect(session.isBusy).toBe(false)
    expect(session.logits()).toEqual(logits)
    executable.memoryLimit = 2 ** 26
    const { position, ids } = await portrait(session)
    expect({ position, ids }).toEqual({ position: before.position, ids: before.ids })
    // What is pending, the random numbers and what the penalties look at included.
    const { model } = await recurrentModel({ reach: 'kv' })
    const other = model.createSession()
    await other.restore(before.state)
    const on = { ...HOT, penalty: 1.5 }
    expect((await session.generate(undefined, on).result()).ids).toEqual(
      (await other.generate(undefined, on).result()).ids,
    )
    expect(session.logits()).toEqual(other.logits())
  })

  it('a generation keeps its tokens, and continues when there is memory again', async () => {
    const { model, executable, session } = await start()
    using other = model.createSession({ seed: 1 })
    const whole = await other.generate(IDS.slice(0, 100), { ...HOT, maxTokens: 20 }).result()
    leaveRoom(executable, 100 + 4)
    const generation = session.generate(IDS.slice(0, 100), { ...HOT, maxTokens: 20 })
    await expect(generation.result()).rejects.toEqual(outOfMemory)
    expect(generation.stopReason).toBeUndefined()
    expect(generation.ids).toEqual(whole.ids.slice(0, 5))
    executable.memoryLimit = 2 ** 26
    const more = await session.generate(undefined, { ...HOT, maxTokens: 15 }).result()
    expect([...generation.ids, ...more.ids]).toEqual(whole.ids)
  })

  it('restore leaves the session unchanged', async () => {
    const { model, executable, session } = await start()
    await session.eval(IDS)
    const bytes = await session.save()
    const other = model.createSession()
    await other.eval([1, 2, 3])
    const before = await portrait(other)
    leaveRoom(executable, 500)
    await expect(other.restore(bytes)).rejects.toEqual(outOfMemory)
    expect(await portrait(other)).toEqual(before)
  })
})

describe('the error', () => {
  it('says how much of the memory limit the open sessions hold', async () => {
    const { model, executable, session } = await start()
    await session.eval(IDS)
    await expect(failing(session)).resolves.toMatch(
      /^a sequence needs .*; 1 open session holds 0\.1 MiB of the 0\.1 MiB/,
    )
    using other = model.createSession()
    await other.eval([1])
    await expect(failing(session)).resolves.toMatch(/; 2 open sessions hold 0\.1 MiB/)

    async function failing(session: Session): Promise<string> {
      leaveRoom(executable, 10)
      try {
        await session.eval(IDS)
        return 'no failure'
      } catch (error) {
        const { message, hint, cause } = error as { message: string; hint: string; cause: unknown }
        expect(hint).toMatch(/^call dispose\(\) on sessions and chats .*`using`/)
        expect(cause).toEqual(outOfMemory)
        return message
      } finally {
        executable.memoryLimit = 2 ** 26
      }
    }
  })
})

describe('a session', () => {
  it('allocates no memory before it is used, whatever its context', async () => {
    const { model, executable } = await start()
    const before = model.memoryBytes
    for (let i = 0; i < 64; i++) {
      const session = model.createSession({ contextLength: 4096 })
      await session.eval(IDS.slice(0, 8))
    }
    expect(model.memoryBytes).toBe(before + 64 * 8 * STATE_BYTES)
    expect(executable.open.size).toBe(65)
  })

  it('rejects contextShift if its memory does not support it', async () => {
    for (const reach of ['recurrent', 'hybrid'] as const) {
      const { model, executable } = await recurrentModel({ reach })
      expect(() => model.createSession({ contextShift: true })).toThrow(
        expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('contextShift') }),
      )
      expect(executable.open.size).toBe(0)
      model.createSession({ contextShift: false })
    }
  })
})
