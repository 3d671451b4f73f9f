import { describe, expect, it } from 'vitest'
import { DasllamaError, type ErrorCode } from '../../src/errors.js'
import { fakeMemory, fakeScheduler, settled, type Watched } from './fake-engine.js'

/** A scheduler whose first pass has works of these rows, on memories a, b, c and so on; each has its own signal. */
function together(...rows: number[]) {
  const fake = fakeScheduler()
  const all = rows.map((_, i) => fakeMemory(String.fromCharCode(97 + i)))
  const controllers = rows.map(() => new AbortController())
  fake.scheduler.expect(all)
  const works = all.map((memory, i) => {
    const outputs = [...Array(rows[i]).keys()]
    return fake.run(memory, rows[i], { outputs, phase: 'decode', signal: controllers[i].signal })
  })
  return { ...fake, all, controllers, works }
}

function outcomesOf(works: readonly Watched[]): unknown[] {
  return works.map(({ outcome }) => outcome)
}

const error = (code: ErrorCode) => new DasllamaError(code, `failed with ${code}`)

describe('an abort', () => {
  it('before the work is handed in rejects, and nothing runs', async () => {
    const { engine, decode } = fakeScheduler()
    const work = decode(fakeMemory('a'), { signal: AbortSignal.abort('early') })
    await settled()
    expect(work.outcome).toBe('early')
    expect(engine.batches).toEqual([])
  })

  it('of a work that waits rejects at once, whatever runs meanwhile', async () => {
    const { engine, decode, run } = fakeScheduler()
    const [a, b, c] = ['a', 'b', 'c'].map((name) => fakeMemory(name))
    decode(a)
    const controller = new AbortController()
    const waiting = run(b, 1000, { signal: controller.signal })
    decode(c)
    controller.abort('enough')
    await settled()
    expect(waiting).toMatchObject({ outcome: 'enough', advances: [] })
    await engine.pass.finish()
    decode(a)
    expect(engine.batches).toEqual(['a', 'c a'])
  })

  it('of a work that waits for its next slice leaves what has been evaluated', async () => {
    const { engine, run, scheduler } = fakeScheduler()
    const [a, b] = ['a', 'b'].map((name) => fakeMemory(name))
    const controller = new AbortController()
    scheduler.expect([a, b])
    const first = run(a, 1000, { signal: controller.signal })
    run(b, 1000)
    await engine.pass.finish()
    expect(engine.batches).toEqual(['a:128', 'b:128'])
    controller.abort('enough')
    await settled()
    expect(first).toMatchObject({ outcome: 'enough', advances: [128] })
    await engine.pass.finish()
    expect(engine.batches).toEqual(['a:128', 'b:128', 'b:128'])
  })

  it('is left to the engine in a pass of one', async () => {
    const { engine, decode } = fakeScheduler()
    const { signal } = new AbortController()
    const work = decode(fakeMemory('a'), { signal })
    expect(engine.signals).toEqual([signal])
    await engine.pass.fail('the reason')
    expect(work.outcome).toBe('the reason')
  })

  it('in a pass of several aborts it, and rejects when the pass has let go of the memory', async () => {
    const { engine, controllers, works, decode } = together(1, 2, 1)
    expect(engine.batches).toEqual(['a b*2 c'])
    expect(engine.signals[0]?.aborted).toBe(false)
    controllers[1].abort('enough')
    expect(engine.signals[0]?.aborted).toBe(true)
    decode(fakeMemory('n'))
    await settled()
    expect(outcomesOf(works)).toEqual(['running', 'running', 'running'])
    await engine.pass.fail(engine.signals[0]?.reason)
    expect(outcomesOf(works)).toEqual(['running', 'enough', 'running'])
    // At once, and without the newcomer.
    expect(engine.batches).toEqual(['a b*2 c', 'a c'])
    await engine.pass.finish()
    expect(outcomesOf(works)).toEqual(['done', 'enough', 'done'])
    expect(works.map(({ memory }) => memory.length)).toEqual([1, 0, 1])
  })

  it('because a session is disposed does not dispose of the others', async () => {
    const { engine, controllers, works } = together(1, 1, 1)
    controllers[0].abort(error('DISPOSED'))
    await engine.pass.fail(engine.signals[0]?.reason)
    expect(outcomesOf(works)).toEqual([error('DISPOSED'), 'running', 'running'])
    await engine.pass.finish()
    expect(outcomesOf(works)).toEqual([error('DISPOSED'), 'done', 'done'])
  })

  it('that comes when the pass has ended well changes nothing any more', async () => {
    const { engine, controllers, works } = together(1, 1)
    controllers[0].abort('too late')
    await engine.pass.finish()
    expect(outcomesOf(works)).toEqual(['done', 'done'])
  })

  it('of one after the other starves nobody', async () => {
    const { engine, controllers, works, decode } = together(1, 1, 1, 1)
    for (const i of [0, 1, 2]) {
      controllers[i].abort(i)
      await engine.pass.fail(engine.signals.at(-1)?.reason)
      // An aborter that comes again at once is not let in.
      decode(works[i].memory)
    }
    expect(engine.batches).toEqual(['a b c d', 'b c d', 'c d', 'd'])
    await engine.pass.finish()
    expect(outcomesOf(works)).toEqual([0, 1, 2, 'done'])
  })

  it('of all of them runs nothing again', async () => {
    const { engine, controllers, works } = together(1, 1)
    for (const controller of controllers) controller.abort('all')
    await engine.pass.fail('aborted')
    expect(outcomesOf(works)).toEqual(['all', 'all'])
    expect(engine.isIdle).toBe(true)
  })

  it('of one that is to be run again alone rejects at once', async () => {
    const { engine, controllers, works } = together(1, 1, 1)
    await engine.pass.fail(error('NOT_A_NUMBER'))
    expect(engine.batches).toEqual(['a b c', 'a'])
    controllers[1].abort('enough')
    await settled()
    expect(outcomesOf(works)).toEqual(['running', 'enough', 'running'])
    await engine.pass.finish()
    expect(engine.batches.at(-1)).toBe('c')
    await engine.pass.finish()
    expect(outcomesOf(works)).toEqual(['done', 'enough', 'done'])
  })

  it('leaves no listener behind, however the work ends', async () => {
    const { engine, controllers, works } = together(1, 1)
    await engine.pass.fail(error('OUT_OF_MEMORY'))
    await engine.pass.finish()
    await engine.pass.fail(error('OUT_OF_MEMORY'))
    expect(outcomesOf(works)).toEqual(['done', error('OUT_OF_MEMORY')])
    for (const controller of controllers) controller.abort()
    await settled()
    expect(outcomesOf(works)).toEqual(['done', error('OUT_OF_MEMORY')])
  })
})

describe('a failure in a pass of several', () => {
  it.each<ErrorCode>(['NOT_A_NUMBER', 'OUT_OF_MEMORY', 'INVALID_ARGUMENT'])(
    '%s runs each again alone, so that only the one at fault fails',
    async (code) => {
      const { engine, works, decode } = together(1, 2, 1)
      decode(fakeMemory('n'))
      await engine.pass.fail(error(code))
      await engine.pass.finish()
      await engine.pass.fail(error(code))
      await engine.pass.finish()
      expect(engine.batches.slice(0, 4)).toEqual(['a b*2 c', 'a', 'b*2', 'c'])
      expect(outcomesOf(works)).toEqual(['done', error(code), 'done'])
      expect(works.map(({ memory }) => memory.length)).toEqual([1, 0, 1])
    },
  )

  it('has each result taken once, though a pass that is repeated has it again', async () => {
    const { engine, works } = together(2, 3, 1)
    // The last row turns out not to be a number when those before it have been taken.
    await engine.pass.fail(error('NOT_A_NUMBER'), 4)
    for (let i = 0; i < 3; i++) await engine.pass.finish()
    expect(works.map(({ taken }) => taken)).toEqual([
      [
        [0, 1000],
        [1, 1001],
      ],
      [
        [0, 1000],
        [1, 1001],
        [2, 1002],
      ],
      [[0, 1000]],
    ])
  })

  it('leaves the others what they had: a prompt goes on after the slice that was repeated', async () => {
    const { engine, run, scheduler } = fakeScheduler()
    const [a, b] = ['a', 'b'].map((name) => fakeMemory(name))
    scheduler.expect([a, b])
    const prompt = run(a, 100, { outputs: [20, 99] })
    const decoded = run(b, 1, { phase: 'decode' })
    expect(engine.batches).toEqual(['b a:32'])
    await engine.pass.fail(error('NOT_A_NUMBER'), 2)
    await engine.pass.fail(error('NOT_A_NUMBER'))
    await engine.pass.finish()
    expect(engine.batches.slice(1, 3)).toEqual(['b', 'a:32'])
    for (let i = 0; i < 3 && !engine.isIdle; i++) await engine.pass.finish()
    expect(decoded.outcome).toEqual(error('NOT_A_NUMBER'))
    expect(prompt).toMatchObject({
      outcome: 'done',
      taken: [
        [20, 1020],
        [99, 1099],
      ],
    })
  })

  it.each<ErrorCode>(['THREAD_LOST', 'DISPOSED'])('%s fails all of them', async (code) => {
    const { engine, works, decode } = together(1, 1)
    const newcomer = decode(fakeMemory('n'))
    await engine.pass.fail(error(code))
    expect(outcomesOf(works)).toEqual([error(code), error(code)])
    expect(engine.batches).toEqual(['a b', 'n'])
    await engine.pass.finish()
    expect(newcomer.outcome).toBe('done')
  })

  it('of a callback fails its own work only', async () => {
    const { engine, run, scheduler } = fakeScheduler()
    const [a, b] = ['a', 'b'].map((name) => fakeMemory(name))
    scheduler.expect([a, b])
    const broken = run(a, 4, {
      take: () => {
        throw new Error('broken')
      },
    })
    const sound = run(b, 4)
    await engine.pass.finish()
    expect(engine.batches).toEqual(['a:4 b:4', 'b:4'])
    await engine.pass.finish()
    expect(outcomesOf([broken, sound])).toEqual([new Error('broken'), 'done'])
    expect(sound.taken).toEqual([[3, 1003]])
    expect([a.length, b.length]).toEqual([0, 4])
  })
})
