import { expect, it } from 'vitest'
import { FairQueue } from '../../src/backend/fair-queue.js'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

it('runs one work at a time, in the order of the calls', async () => {
  const queue = new FairQueue()
  const done: string[] = []
  const work = (name: string) => async () => {
    done.push(`${name} begins`)
    await turn()
    done.push(`${name} ends`)
    return name
  }
  const results = await Promise.all(['a', 'b', 'c'].map((name) => queue.run(work(name))))
  expect(results).toEqual(['a', 'b', 'c'])
  expect(done).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]))
})

it('lets no new call overtake the waiting ones', async () => {
  const queue = new FairQueue()
  const done: string[] = []
  const forever = async (name: string) => {
    for (let i = 0; i < 3; i++) await queue.run(async () => void done.push(name))
  }
  await Promise.all([forever('a'), forever('b')])
  expect(done.join('')).toMatch(/^(ab){3}$/)
})

it('continues after work that fails', async () => {
  const queue = new FairQueue()
  const failing = queue.run(() => Promise.reject(new Error('no')))
  const next = queue.run(async () => 'yes')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('yes')
})

it('rejects aborted waiters at once and never runs their work', async () => {
  const queue = new FairQueue()
  let finish = () => {}
  const running = queue.run(() => new Promise<void>((resolve) => (finish = resolve)))
  const controller = new AbortController()
  let worked = false
  const aborted = queue.run(async () => {
    worked = true
  }, controller.signal)
  const patient = queue.run(async () => 'patient', new AbortController().signal)
  controller.abort('enough')
  await expect(aborted).rejects.toBe('enough')
  finish()
  await running
  expect(await patient).toBe('patient')
  await expect(queue.run(async () => 1, controller.signal)).rejects.toBe('enough')
  expect(worked).toBe(false)
  expect(await queue.run(async () => 'free again')).toBe('free again')
})

it('continues after work that throws synchronously', async () => {
  const queue = new FairQueue()
  const failing = queue.run(() => {
    throw new Error('at once')
  })
  await expect(failing).rejects.toThrow('at once')
  expect(await queue.run(async () => 'yes')).toBe('yes')
})

it('keeps the order when a waiter is aborted, whether first, in between or last', async () => {
  for (const leaving of [0, 1, 2, 3]) {
    const queue = new FairQueue()
    const done: number[] = []
    let finish = () => {}
    const running = queue.run(() => new Promise<void>((resolve) => (finish = resolve)))
    const controllers = [0, 1, 2, 3].map(() => new AbortController())
    const waiting = controllers.map(({ signal }, i) => queue.run(async () => void done.push(i), signal))
    const outcomes = Promise.allSettled(waiting)
    controllers[leaving].abort('enough')
    finish()
    await running
    const expected = [0, 1, 2, 3].filter((i) => i !== leaving)
    expect((await outcomes).map(({ status }) => status === 'fulfilled')).toEqual(
      [0, 1, 2, 3].map((i) => i !== leaving),
    )
    expect(done).toEqual(expected)
  }
})

it('continues in order when a waiter is aborted just as its turn comes', async () => {
  const queue = new FairQueue()
  const controller = new AbortController()
  const done: string[] = []
  const running = queue.run(async () => {
    // The next waiter starts when this returns.
    queueMicrotask(() => queueMicrotask(() => controller.abort('too late')))
  })
  const next = queue.run(async () => void done.push('next'), controller.signal).catch(() => done.push('left'))
  const last = queue.run(async () => void done.push('last'))
  await Promise.all([running, next, last])
  expect(done).toHaveLength(2)
  expect(done[1]).toBe('last')
})

it('leaves no listeners on a signal', async () => {
  const queue = new FairQueue()
  const { signal } = new AbortController()
  let listeners = 0
  const counted = {
    ...{ aborted: false, reason: undefined },
    throwIfAborted: () => {},
    addEventListener: () => listeners++,
    removeEventListener: () => listeners--,
  } as unknown as typeof signal
  await Promise.all(Array.from({ length: 5 }, () => queue.run(turn, counted)))
  expect(listeners).toBe(0)
})
