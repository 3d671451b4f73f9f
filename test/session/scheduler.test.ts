import { describe, expect, it } from 'vitest'
import { type FakeMemory, fakeMemory, fakeScheduler } from './fake-engine.js'

/** Fake memories, which begin empty in each test. */
function memories(...names: string[]) {
  return names.map((name) => fakeMemory(name))
}

describe('a single sequence', () => {
  it('starts at once, and again at once, without a turn of the event loop', async () => {
    const { engine, decode, ...fake } = fakeScheduler()
    const [a] = memories('a')
    for (let token = 0; token < 5; token++) {
      decode(a)
      expect(engine.isIdle).toBe(false)
      await engine.pass.finish()
    }
    expect(engine.batches).toEqual(['a', 'a', 'a', 'a', 'a'])
    expect(fake.turns).toBe(0)
  })

  it('has a prompt cut into batches of 128 rows, and takes each result once and in order', async () => {
    const { engine, run, ...fake } = fakeScheduler()
    const [a] = memories('a')
    const prompt = run(a, 300, { outputs: [0, 127, 128, 299] })
    for (const ms of [1, 2, 3]) await engine.pass.finish(ms)
    expect(engine.batches).toEqual(['a:128', 'a:128', 'a:44'])
    expect(prompt).toMatchObject({
      outcome: 'done',
      taken: [
        [0, 1000],
        [127, 1127],
        [128, 1128],
        [299, 1299],
      ],
      advances: [128, 128, 44],
      ms: [1, 2, 3],
    })
    expect(fake.turns).toBe(0)
  })

  it('evaluates its works one after another', async () => {
    const { engine, run } = fakeScheduler()
    const [a] = memories('a')
    const first = run(a, 130)
    await engine.pass.finish()
    await engine.pass.finish()
    expect(first.outcome).toBe('done')
    run(a, 3, { phase: 'decode' })
    await engine.pass.finish()
    run(a, 200)
    await engine.pass.finish()
    await engine.pass.finish()
    expect(engine.batches).toEqual(['a:128', 'a:2', 'a*3', 'a:128', 'a:72'])
    expect(a.length).toBe(333)
  })
})

describe('sequences that decode', () => {
  it('share every pass: the next one starts when the last of them is back, in the same turn', async () => {
    const { engine, decode, scheduler, ...fake } = fakeScheduler()
    const [a, b, c, d] = memories('a', 'b', 'c', 'd')
    scheduler.expect([a, b, c, d])
    for (const order of [
      [a, b, c, d],
      [b, d, a, c],
      [d, c, b, a],
    ]) {
      for (const memory of order) {
        expect(engine.isIdle).toBe(true)
        decode(memory)
      }
      expect(engine.batches.at(-1)).toBe(order.map(({ name }) => name).join(' '))
      await engine.pass.finish()
    }
    expect(engine.batches).toHaveLength(3)
    // The turns that nobody waits for any more start nothing.
    decode(a)
    await fake.turn()
    expect(engine.batches.slice(3)).toEqual(['a'])
  })

  it('wait one turn of the event loop at most', async () => {
    const { engine, decode, scheduler, ...fake } = fakeScheduler()
    const [a, b, c] = memories('a', 'b', 'c')
    scheduler.expect([a, b, c])
    for (const memory of [a, b, c]) decode(memory)
    await engine.pass.finish()
    decode(b)
    expect(engine.isIdle).toBe(true)
    await fake.turn()
    expect(engine.batches).toEqual(['a b c', 'b'])
  })

  it('are joined by one that comes during a pass', async () => {
    const { engine, decode } = fakeScheduler()
    const [a, b] = memories('a', 'b')
    decode(a)
    decode(b)
    await engine.pass.finish()
    expect(engine.isIdle).toBe(true)
    decode(a)
    await engine.pass.finish()
    expect(engine.batches).toEqual(['a', 'b a'])
  })

  it('come together where they are announced', async () => {
    const { engine, decode, scheduler, ...fake } = fakeScheduler()
    const [a, b, c] = memories('a', 'b', 'c')
    scheduler.expect([a, b, c])
    decode(a)
    decode(b)
    expect(engine.isIdle).toBe(true)
    decode(c)
    expect(engine.batches).toEqual(['a b c'])
    await engine.pass.finish()
    // One that was announced and does not come delays the others by a turn.
    await fake.turn()
    scheduler.expect([a, b])
    decode(a)
    await fake.turn()
    expect(engine.batches).toEqual(['a b c', 'a'])
  })

  it('take turns where there are more than rows, so that none waits for two passes', async () => {
    const { engine, decode, ...fake } = fakeScheduler()
    const all = Array.from({ length: 200 }, (_, i) => fakeMemory(`${i}`))
    const lengths = () => all.map(({ length }) => length)
    decode(all[0])
    for (const memory of all.slice(1)) decode(memory)
    for (let pass = 0; pass < 40; pass++) {
      const served = engine.pass.batch.runs.map(({ memory }) => memory)
      await engine.pass.finish()
      for (const memory of served) decode(memory as FakeMemory)
      if (engine.isIdle) await fake.turn()
      expect(Math.max(...lengths()) - Math.min(...lengths())).toBeLessThanOrEqual(2)
    }
  })
})

describe('a prompt beside sequences that decode', () => {
  it('has the rows after theirs', async () => {
    const { engine, decode, run } = fakeScheduler()
    const [a, b, c] = memories('a', 'b', 'c')
    run(a, 1)
    run(b, 300)
    decode(a)
    decode(c)
    await engine.pass.finish()
    expect(engine.batches[1]).toMatch(/^a c b:\d+$/)
  })

  it.each([
    ['16 rows where these are slow already', 40, 16],
    ['as many as take 200 ms together with theirs', 4, 48],
    ['128 rows at most, theirs included', 0.1, 126],
  ])('has %s', async (_, msPerRow, expected) => {
    const { engine, decode, run, scheduler } = fakeScheduler()
    const [a, b, c] = memories('a', 'b', 'c')
    scheduler.expect([a, b, c])
    run(b, 5000)
    for (let pass = 0; pass < 8; pass++) {
      decode(a)
      decode(c)
      if (pass < 7) await engine.pass.finish(engine.pass.batch.ids.length * msPerRow)
    }
    expect(engine.batches.at(-1)).toBe(`a c b:${expected}`)
  })

  it('has 128 rows again when nobody decodes any more', async () => {
    const { engine, decode, run, ...fake } = fakeScheduler()
    const [a, b] = memories('a', 'b')
    decode(a)
    run(b, 1000)
    await engine.pass.finish(100)
    decode(a)
    await engine.pass.finish(1000)
    // The one that decoded may have been kept by its caller for longer than a turn.
    await fake.turn()
    expect(engine.batches.at(-1)).toBe('b:16')
    await engine.pass.finish(500)
    expect(engine.batches.at(-1)).toBe('b:128')
  })

  it('of a sequence that has just decoded itself has 128 rows from the first batch on', async () => {
    const { engine, decode, run } = fakeScheduler()
    const [a] = memories('a')
    decode(a)
    await engine.pass.finish()
    run(a, 200)
    expect(engine.batches).toEqual(['a', 'a:128'])
  })

  it('goes on however many they are', async () => {
    const { engine, decode, run } = fakeScheduler()
    const [a, p] = memories('a', 'p')
    decode(a)
    run(p, 500)
    const many = Array.from({ length: 150 }, (_, i) => fakeMemory(`${i}`))
    for (const memory of many) decode(memory)
    await engine.pass.finish()
    decode(a)
    expect(engine.pass.batch.runs).toHaveLength(113)
    expect(engine.batches[1]).toMatch(/ p:16$/)
  })

  it('with a clock that stands still has as many rows as it began with', async () => {
    const { engine, decode, run } = fakeScheduler()
    const [a, b] = memories('a', 'b')
    run(b, 500)
    decode(a)
    for (let pass = 0; pass < 3; pass++) {
      await engine.pass.finish(0)
      decode(a)
    }
    expect(engine.batches).toEqual(['b:128', 'a b:32', 'a b:32', 'a b:32'])
  })
})

describe('prompts', () => {
  it('take turns, the one that has waited longest first', async () => {
    const { engine, run, scheduler, ...fake } = fakeScheduler()
    const [a, b, c] = memories('a', 'b', 'c')
    scheduler.expect([a, b, c])
    const works = [run(a, 300), run(b, 200), run(c, 150)]
    for (let pass = 0; pass < 5; pass++) await engine.pass.finish()
    await fake.turn()
    await engine.pass.finish()
    expect(engine.batches).toEqual(['a:128', 'b:128', 'c:128', 'a:128', 'b:72 c:22 a:34', 'a:10'])
    expect(works.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done'])
  })

  it('of both phases stand in one batch, decodes before the others', async () => {
    const { engine, run } = fakeScheduler()
    const [a, b, c] = memories('a', 'b', 'c')
    run(a, 1)
    run(b, 20)
    run(c, 30, { phase: 'decode' })
    await engine.pass.finish()
    run(a, 5)
    expect(engine.batches).toEqual(['a:1', 'c*30 b:20 a:5'])
  })
})

describe('what is wanted', () => {
  it('is the same for all of a batch; those who want something else come in turn', async () => {
    const { engine, decode, run, ...fake } = fakeScheduler()
    const [a, b, h] = memories('a', 'b', 'h')
    decode(a)
    run(h, 90, { want: 'hidden', outputs: [0, 89] })
    run(b, 1000)
    await engine.pass.finish(500)
    for (let round = 0; round < 2; round++) {
      decode(a)
      await engine.pass.finish(1000)
      await engine.pass.finish(1000)
      // The one that decodes is not back yet, and may come while the others are served.
      await fake.turn()
    }
    expect(engine.batches).toEqual(['a', 'hidden h:32', 'a b:16', 'hidden h:16', 'a b:16', 'hidden h:16'])
  })
})

describe('priorities', () => {
  it('order prompts, the smallest first, and those that are equal by how long they have waited', async () => {
    const { engine, run, ...fake } = fakeScheduler()
    const [first, a, b, c, d] = memories('first', 'a', 'b', 'c', 'd')
    run(first, 128)
    run(a, 128, { priority: 2 })
    run(b, 128)
    run(c, 128, { priority: -1 })
    run(d, 128)
    for (let pass = 0; pass < 4; pass++) {
      await engine.pass.finish()
      await fake.turn()
    }
    expect(engine.batches).toEqual(['first:128', 'c:128', 'b:128', 'd:128', 'a:128'])
  })

  it('leave nobody waiting for ever: 16 passes of waiting are worth one step', async () => {
    const { engine, run, ...fake } = fakeScheduler()
    const [first, low] = memories('first', 'low')
    run(first, 128)
    run(low, 128, { priority: 2 })
    let passes = 0
    while (!engine.batches.some((shape) => shape.startsWith('low')) && passes < 100) {
      run(fakeMemory(`p${passes}`), 128)
      run(fakeMemory(`q${passes}`), 128)
      await engine.pass.finish()
      await fake.turn()
      passes++
    }
    expect(passes).toBeGreaterThan(16)
    expect(passes).toBeLessThanOrEqual(2 * 2 * 16 + 4)
  })

  it('do not keep decodes from the prompts that come before them', async () => {
    const { engine, decode, run } = fakeScheduler()
    const [a, p] = memories('a', 'p')
    decode(a)
    run(p, 64, { priority: -5 })
    await engine.pass.finish()
    decode(a)
    expect(engine.batches[1]).toMatch(/^a p:\d+$/)
  })
})
