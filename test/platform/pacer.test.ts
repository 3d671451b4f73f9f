import { describe, expect, it } from 'vitest'
import { Pacer, SLICE_MS } from '../../src/platform/pacer.js'
import { type PauseGlobals, pause, pauseWith } from '../../src/platform/pause.js'

function pacerAt() {
  const clock = { time: 1000, pauses: 0, pauseMs: 0 }
  const pacer = new Pacer({
    now: () => clock.time,
    pause: async () => {
      clock.pauses++
      clock.time += clock.pauseMs
    },
    sliceMs: 10,
  })
  return { clock, pacer }
}

describe('a pacer', () => {
  it('is due when the event loop has waited for a slice', async () => {
    const { clock, pacer } = pacerAt()
    for (const time of [1000, 1001, 1009.9]) {
      clock.time = time
      expect(pacer.isDue()).toBe(false)
    }
    clock.time = 1010
    expect(pacer.isDue()).toBe(true)
    await pacer.pause()
    expect(pacer.isDue()).toBe(false)
  })

  it('counts from the end of the pause, however long it was', async () => {
    const { clock, pacer } = pacerAt()
    clock.time += 10
    clock.pauseMs = 5000
    await pacer.pause()
    clock.time += 9
    expect(pacer.isDue()).toBe(false)
    clock.time += 1
    expect(pacer.isDue()).toBe(true)
  })

  it('accepts readings of the clock from its caller', () => {
    const { pacer } = pacerAt()
    expect(pacer.isDue(1009)).toBe(false)
    expect(pacer.isDue(1011)).toBe(true)
  })

  it('pauses in proportion to time, not to operations: at most once per slice', async () => {
    const { clock, pacer } = pacerAt()
    let longest = 0
    let last = clock.time
    for (let i = 0; i < 10_000; i++) {
      clock.time += 0.1
      if (pacer.isDue()) {
        longest = Math.max(longest, clock.time - last)
        await pacer.pause()
        last = clock.time
      }
    }
    expect(clock.pauses).toBeGreaterThanOrEqual(95)
    expect(clock.pauses).toBeLessThanOrEqual(100)
    expect(longest).toBeLessThan(10.2)
  })

  it.each([
    ['of unknown size', undefined, 63],
    ['of a small model', 1e5, 2500],
    ['of a large model', 1e8, 3],
  ])('is also due when the clock has stopped: operations %s', async (_, size, count) => {
    const { clock, pacer } = pacerAt()
    for (let round = 0; round < 2; round++) {
      let checks = 1
      while (!pacer.isDue(clock.time, size)) checks++
      expect(checks).toBe(count)
      await pacer.pause()
    }
  })

  it('trusts a clock that ticks once per many operations', () => {
    const { clock, pacer } = pacerAt()
    for (let i = 0; i < 900; i++) {
      // 100 operations of a small model in a millisecond.
      if (i % 100 === 99) clock.time++
      expect(pacer.isDue(clock.time, 1e5)).toBe(false)
    }
  })

  it('is due at once when the clock has been set back', async () => {
    const { clock, pacer } = pacerAt()
    clock.time = 3
    expect(pacer.isDue()).toBe(true)
    await pacer.pause()
    expect(pacer.isDue()).toBe(false)
  })

  it('yields when it is due, and rejects with the reason of an abort', async () => {
    const { clock, pacer } = pacerAt()
    await pacer.yieldIfDue()
    expect(clock.pauses).toBe(0)
    clock.time += 10
    await pacer.yieldIfDue()
    expect(clock.pauses).toBe(1)
    await expect(pacer.yieldIfDue(AbortSignal.abort('enough'))).rejects.toBe('enough')
  })

  it('has slices of which several fit into 50 ms', () => {
    expect(2 * SLICE_MS).toBeLessThan(50)
  })
})

describe('a pause', () => {
  /** A runtime that records which of its globals are used. */
  function runtime({
    isBrowser = false,
    userAgent,
  }: Pick<PauseGlobals, 'userAgent'> & { isBrowser?: boolean } = {}) {
    const used: string[] = []
    class Channel {
      port1: { onmessage?: (event: unknown) => void } = {}
      port2 = {
        postMessage: () => {
          used.push('message')
          queueMicrotask(() => this.port1.onmessage?.({}))
        },
      }
      constructor() {
        used.push('channel')
      }
    }
    const setImmediate = (callback: () => void) => {
      used.push('immediate')
      queueMicrotask(callback)
    }
    const setTimeout = (callback: () => void, ms: number) => {
      used.push(`timeout ${ms}`)
      queueMicrotask(callback)
    }
    const MessageChannel = Channel as unknown as NonNullable<PauseGlobals['MessageChannel']>
    return {
      used,
      all: { setImmediate, setTimeout, MessageChannel, isBrowser, userAgent } satisfies PauseGlobals,
    }
  }

  it('is an immediate in Node, Bun and Deno', async () => {
    const { used, all } = runtime()
    await pauseWith(all)()
    expect(used).toEqual(['immediate'])
  })

  it('is two messages on a page and in its workers, over one channel', async () => {
    const { used, all } = runtime({ isBrowser: true })
    const pauseOnce = pauseWith({ ...all, setImmediate: undefined })
    expect(used).toEqual([])
    await pauseOnce()
    expect(used).toEqual(['channel', 'message', 'message'])
    await Promise.all([pauseOnce(), pauseOnce()])
    expect(used).toEqual(['channel', ...Array(6).fill('message')])
  })

  it('is a timeout in workerd, whatever else it has, and where nothing else is available', async () => {
    const workerd = runtime({ isBrowser: true, userAgent: 'Cloudflare-Workers' })
    await pauseWith(workerd.all)()
    expect(workerd.used).toEqual(['timeout 0'])
    for (const isBrowser of [true, false]) {
      const { used, all } = runtime({ isBrowser })
      await pauseWith({ setTimeout: all.setTimeout, isBrowser })()
      expect(used).toEqual(['timeout 0'])
    }
  })

  it('does not keep a process alive with a channel outside of browsers', async () => {
    const { used, all } = runtime()
    await pauseWith({ ...all, setImmediate: undefined })()
    expect(used).toEqual(['timeout 0'])
  })

  it('serves pending timers and messages', async () => {
    const served: string[] = []
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => void served.push('message')
    setTimeout(() => served.push('timer'), 1)
    port2.postMessage(1)
    const until = performance.now() + 5
    while (performance.now() < until);
    for (let i = 0; i < 3; i++) await pause()
    port1.close()
    expect(served.sort()).toEqual(['message', 'timer'])
  })

  it('does not use timers that a test has mocked', async () => {
    const { vi } = await import('vitest')
    vi.useFakeTimers()
    try {
      await pause()
    } finally {
      vi.useRealTimers()
    }
  })
})
