import { describe, expect, it } from 'vitest'
import { StreamChooser } from '../../../src/backend/wasm/stream-chooser.js'

/** What is set while passes take `ms` with each number of streams, and the last setting. */
function chosen(ms: Readonly<Record<number, (pass: number) => number>>): {
  last: number
  settings: number[]
} {
  const settings: number[] = []
  let streams = 8
  const chooser = new StreamChooser((next) => {
    streams = next
    settings.push(next)
  })
  for (let pass = 0; pass < 200; pass++) chooser.record(ms[streams](pass))
  return { last: streams, settings }
}

describe('the number of streams', () => {
  it.each([
    [1, 8, 10],
    [8, 10, 8],
  ])('becomes %i where that is faster', (streams, withOne, withEight) => {
    expect(chosen({ 1: () => withOne, 8: () => withEight }).last).toBe(streams)
  })

  it('stays the default where a clock is too coarse to tell them apart', () => {
    expect(chosen({ 1: () => 0, 8: () => 0 }).last).toBe(8)
  })

  it('is not decided by passes while the engine still compiles, nor by a single slow one', () => {
    const { last } = chosen({ 1: (pass) => (pass === 9 ? 500 : 8), 8: (pass) => (pass < 6 ? 1 : 10) })
    expect(last).toBe(1)
  })

  it('is decided after two turns where the difference is clear', () => {
    const { last, settings } = chosen({ 1: (pass) => (pass < 10 ? 8 : 100), 8: () => 10 })
    expect(last).toBe(1)
    expect(settings).toEqual([1, 8, 1])
  })

  it('is tried in turns, and kept afterwards', () => {
    const { settings } = chosen({ 1: () => 8.5, 8: () => 9 })
    expect(new Set(settings)).toEqual(new Set([1, 8]))
    expect(settings.length).toBeLessThanOrEqual(13)
  })
})
