import { describe, expect, it } from 'vitest'
import { blobSource } from '../../src/storage/blob.js'
import { bytesSource } from '../../src/storage/bytes.js'
import type { ByteSource } from '../../src/storage/source.js'
import { sliceSource } from '../support/slice-source.js'

const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 251)

const SOURCES: [string, () => ByteSource][] = [
  ['Uint8Array', () => bytesSource(BYTES)],
  ['view into a larger buffer', () => bytesSource(new Uint8Array([9, 9, ...BYTES, 9]).subarray(2, 1002))],
  ['ArrayBuffer', () => bytesSource(BYTES.slice().buffer)],
  ['Blob', () => blobSource(new Blob([BYTES]))],
  ['slice', () => sliceSource(bytesSource(new Uint8Array([9, 9, ...BYTES, 9, 9])), 2, 1000)],
  [
    'slice of a slice',
    () => sliceSource(sliceSource(bytesSource(new Uint8Array([9, 9, ...BYTES])), 1, 1001), 1, 1000),
  ],
]

describe.each(SOURCES)('source over a %s', (_, make) => {
  it.each([
    [0, 1000],
    [0, 0],
    [1000, 0],
    [999, 1],
    [123, 456],
  ])('reads %i + %i into the middle of a view', async (offset, length) => {
    const source = make()
    expect(source.size).toBe(1000)
    const buffer = new Uint8Array(length + 4)
    await source.read(offset, buffer.subarray(2, 2 + length))
    expect(buffer).toEqual(new Uint8Array([0, 0, ...BYTES.subarray(offset, offset + length), 0, 0]))
  })

  it.each([
    [1000, 1],
    [990, 11],
    [2000, 0],
    [-1, 1],
    [Number.MAX_SAFE_INTEGER, 8],
  ])('rejects %i + %i', async (offset, length) => {
    const target = new Uint8Array(length).fill(7)
    await expect(make().read(offset, target)).rejects.toMatchObject({
      name: 'DasllamaError',
      code: 'TRUNCATED',
    })
    expect(target).toEqual(new Uint8Array(length).fill(7))
  })

  it('stops when the signal is aborted', async () => {
    const reason = new Error('enough')
    await expect(make().read(0, new Uint8Array(1000), AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it('closes', async () => {
    await expect(make().close()).resolves.toBeUndefined()
  })
})

describe('bytesSource', () => {
  it('does not copy', async () => {
    const bytes = new Uint8Array(4)
    const source = bytesSource(bytes, 'mine')
    bytes[1] = 5
    const target = new Uint8Array(4)
    await source.read(0, target)
    expect(target[1]).toBe(5)
    expect(source.name).toBe('mine')
  })
})

describe('blobSource', () => {
  it('reads in chunks of bounded size and puts them in their places', async () => {
    const size = 40 * 1024 * 1024
    const bytes = new Uint8Array(size)
    for (let i = 0; i < size; i += 4093) bytes[i] = i
    const source = blobSource(new File([bytes], 'model.gguf'))
    expect(source.name).toBe('model.gguf')
    const target = new Uint8Array(size - 5)
    await source.read(5, target)
    expect(Buffer.compare(target, bytes.subarray(5))).toBe(0)
  })

  it('reports a blob that can no longer be read', async () => {
    const blob = new Blob([BYTES])
    blob.slice = () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) }) as unknown as Blob
    await expect(blobSource(blob, 'picked.gguf').read(0, new Uint8Array(2))).rejects.toMatchObject({
      code: 'IO',
      message: 'picked.gguf: cannot be read',
    })
  })
})

describe('sliceSource', () => {
  it('rejects a slice beyond the end', () => {
    expect(() => sliceSource(bytesSource(BYTES), 990, 11)).toThrow(
      expect.objectContaining({ code: 'TRUNCATED' }),
    )
  })

  it('leaves the whole open', async () => {
    let closed = 0
    const whole = { ...bytesSource(BYTES), close: async () => void closed++ }
    await sliceSource(whole, 0, 10).close()
    expect(closed).toBe(0)
  })
})

it('bytes that are fewer than at the beginning are not read as zeros', async () => {
  const resizable = ArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(length: number): void }
  const buffer = new resizable(10, { maxByteLength: 20 })
  const source = bytesSource(new Uint8Array(buffer))
  buffer.resize(20)
  await source.read(0, new Uint8Array(10))
  for (const [length, message] of [
    [4, 'bytes: its buffer has shrunk'],
    [0, 'bytes: its buffer was detached'],
  ] as const) {
    buffer.resize(length)
    await expect(source.read(2, new Uint8Array(4))).rejects.toMatchObject({ code: 'IO', message })
  }
})
