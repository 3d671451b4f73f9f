import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../src/storage/bytes.js'
import type { ByteSource } from '../../src/storage/source.js'
import { SourcePool } from '../../src/storage/source-pool.js'

/** A pool over `count` sources of one byte, which is their number, that counts how many are open. */
async function pooled(count: number, most: number) {
  const state = { open: 0, mostOpen: 0, opened: 0 }
  const versions = new Map<number, string>()
  const open = (number: number) => async (): Promise<ByteSource> => {
    state.opened++
    state.mostOpen = Math.max(state.mostOpen, ++state.open)
    return {
      ...bytesSource(Uint8Array.of(number), `part ${number}`),
      version: versions.get(number),
      async close() {
        state.open--
      },
    }
  }
  const pool = new SourcePool(most)
  const sources: ByteSource[] = []
  for (let number = 0; number < count; number++) {
    sources.push(await pool.add(await open(number)(), open(number)))
  }
  return { state, versions, sources }
}

async function byteOf(source: ByteSource): Promise<number> {
  const target = new Uint8Array(1)
  await source.read(0, target)
  return target[0]
}

describe('a pool of sources', () => {
  it('keeps few open and opens others again', async () => {
    const { state, sources } = await pooled(100, 4)
    expect(state.mostOpen).toBeLessThanOrEqual(5)
    for (const order of [sources, [...sources].reverse(), sources]) {
      for (const source of order) expect(await byteOf(source)).toBe(sources.indexOf(source))
    }
    expect(state.mostOpen).toBeLessThanOrEqual(5)
    const { opened } = state
    for (let i = 0; i < 10; i++) expect(await byteOf(sources[99])).toBe(99)
    expect(state.opened).toBe(opened)
    for (const source of sources) await source.close()
    expect(state.open).toBe(0)
  })

  it('never closes one that is being read', async () => {
    const { state, sources } = await pooled(20, 2)
    expect(await Promise.all(sources.map(byteOf))).toEqual(sources.map((_, i) => i))
    for (const source of sources) await source.close()
    expect(state.open).toBe(0)
  })

  it('does not take another file for the same one', async () => {
    const { versions, sources } = await pooled(3, 1)
    versions.set(0, 'later')
    await expect(byteOf(sources[0])).rejects.toMatchObject({
      code: 'IO',
      message: 'part 0: the file was replaced while it was read',
    })
  })
})
