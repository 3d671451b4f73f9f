import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ProgressBar } from '../../src/cli/output/progress.js'
import { FakeTerminal } from './fake-terminal.js'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const half = { loaded: 50 * 2 ** 20, total: 100 * 2 ** 20 }

describe('the progress bar', () => {
  it('appears on a terminal if loading takes long, and is erased afterwards', () => {
    const terminal = new FakeTerminal({ watched: true, keepsErased: true })
    const bar = new ProgressBar(terminal)
    bar.update(half)
    expect(terminal.err).toBe('')
    vi.advanceTimersByTime(150)
    bar.update(half)
    bar.update(half)
    expect(terminal.err).toBe(
      `\r\x1b[2Kloading ${'█'.repeat(15)}${'░'.repeat(15)} 50 % of 100.0 MiB, 333.3 MiB/s, 1 s left`,
    )
    bar.erase()
    expect(terminal.err).toMatch(/left\r.\[2K$/)
  })

  it('erases nothing if it never appeared', () => {
    const terminal = new FakeTerminal({ watched: true, keepsErased: true })
    const bar = new ProgressBar(terminal)
    bar.update(half)
    bar.erase()
    expect(terminal.err).toBe('')
  })

  it('writes nothing to files and pipes', () => {
    const terminal = new FakeTerminal()
    const bar = new ProgressBar(terminal)
    vi.advanceTimersByTime(1000)
    bar.update(half)
    bar.erase()
    expect(terminal.err).toBe('')
  })
})
