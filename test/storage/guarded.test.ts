import { describe, expect, it } from 'vitest'
import { blobSource } from '../../src/storage/blob.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { guarded } from '../../src/storage/guarded.js'
import type { ByteSource } from '../../src/storage/source.js'

const reason = new Error('enough')

/** Reads that never end, for different kinds of stuck sources. */
const STUCK: [string, () => ByteSource][] = [
  [
    'a source of the caller',
    () => ({ ...bytesSource(new Uint8Array(10)), read: () => new Promise(() => {}) }),
  ],
  [
    'a source that reads several parts at once',
    () => ({
      ...bytesSource(new Uint8Array(10)),
      read: () => new Promise(() => {}),
      readParts: () => new Promise(() => {}),
    }),
  ],
  [
    'a Blob',
    () => {
      const blob = new Blob([new Uint8Array(10)])
      blob.slice = () => ({ arrayBuffer: () => new Promise(() => {}) }) as unknown as Blob
      return blobSource(blob)
    },
  ],
]

describe.each(STUCK)('%s that is stuck', (_, make) => {
  it('ends with its signal', async () => {
    const source = guarded(make())
    const controller = new AbortController()
    const parts = [
      { offset: 0, target: new Uint8Array(2) },
      { offset: 4, target: new Uint8Array(2) },
    ]
    const readings = [
      source.read(0, new Uint8Array(5), controller.signal),
      ...(source.readParts ? [source.readParts(parts, controller.signal)] : []),
    ]
    setTimeout(() => controller.abort(reason), 5)
    for (const reading of readings) await expect(reading).rejects.toBe(reason)
    await expect(source.read(0, new Uint8Array(5), AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it('is closed without waiting for the read', async () => {
    const inner = make()
    // Like a file handle, it closes once no read is pending.
    const source = guarded({ ...inner, close: () => new Promise(() => {}) })
    const reading = source.read(0, new Uint8Array(5), AbortSignal.timeout(5))
    await expect(reading).rejects.toMatchObject({ name: 'TimeoutError' })
    await source.close()
  })
})

describe('a source in good order', () => {
  it('reads, closes and fails like the wrapped source', async () => {
    const failure = new Error('disk on fire')
    const source = guarded({
      ...bytesSource(Uint8Array.of(1, 2, 3)),
      close: () => Promise.reject(failure),
      sibling: () => Promise.reject(failure),
    })
    const target = new Uint8Array(2)
    await source.read(1, target, new AbortController().signal)
    expect(target).toEqual(Uint8Array.of(2, 3))
    await expect(source.read(2, target)).rejects.toMatchObject({ code: 'TRUNCATED' })
    await expect(source.sibling?.('x')).rejects.toBe(failure)
    await expect(source.close()).rejects.toBe(failure)
    expect(source.readParts).toBeUndefined()
  })

  it('is not delayed by a signal that is never aborted', async () => {
    const { signal } = new AbortController()
    const source = guarded(bytesSource(new Uint8Array(10)))
    for (let i = 0; i < 20; i++) await source.read(0, new Uint8Array(10), signal)
  })
})
