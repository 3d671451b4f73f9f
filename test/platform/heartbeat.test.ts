import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Heartbeat } from '../../src/platform/browser/heartbeat.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function heartbeat({ answers = false } = {}) {
  const controller = new AbortController()
  const onSilence = vi.fn()
  const ping = vi.fn(() => {
    if (answers) heart.beat()
  })
  const heart = new Heartbeat({ ping, onSilence, signal: controller.signal })
  return { heart, ping, onSilence, controller }
}

describe('a heartbeat', () => {
  it('asks only while an answer is awaited', () => {
    const { heart, ping } = heartbeat({ answers: true })
    vi.advanceTimersByTime(60_000)
    expect(ping).not.toHaveBeenCalled()
    heart.setBusy(true)
    vi.advanceTimersByTime(10_000)
    heart.setBusy(false)
    vi.advanceTimersByTime(60_000)
    expect(ping).toHaveBeenCalledTimes(5)
  })

  it('reports the silence of a side that does not answer, 22 seconds later', () => {
    const { heart, ping, onSilence } = heartbeat()
    heart.setBusy(true)
    vi.advanceTimersByTime(21_999)
    expect(onSilence).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(onSilence).toHaveBeenCalledTimes(1)
    expect(ping).toHaveBeenCalledTimes(10)
  })

  it('never reports a side that answers', () => {
    const { heart, onSilence } = heartbeat({ answers: true })
    heart.setBusy(true)
    vi.advanceTimersByTime(600_000)
    expect(onSilence).not.toHaveBeenCalled()
  })

  it('ends with its signal', () => {
    const { heart, ping, controller } = heartbeat()
    heart.setBusy(true)
    controller.abort()
    heart.setBusy(true)
    vi.advanceTimersByTime(60_000)
    expect(ping).not.toHaveBeenCalled()
  })
})
