import { describe, expect, it } from 'vitest'
import { openRemoteSource, PIECE_BYTES } from '../../../src/backend/worker/remote-source.js'
import { serveSources } from '../../../src/backend/worker/serve-sources.js'
import { DasllamaError } from '../../../src/errors.js'
import { bytesSource } from '../../../src/storage/bytes.js'
import { guarded } from '../../../src/storage/guarded.js'
import { checkRange } from '../../../src/storage/range.js'
import type { ByteSource } from '../../../src/storage/source.js'
import { channelPair } from '../../support/channel-pair.js'

/** A source behind a channel, and both of its ends. */
function behindChannel(source: ByteSource) {
  const pair = channelPair()
  const served = serveSources(pair.far)
  return { ...pair, served, remote: openRemoteSource(pair.near, served.add(source)) }
}

function someBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255)
}

describe('a source behind a channel', () => {
  it('has the same name, size, version and methods as the original', async () => {
    const plain = behindChannel(bytesSource(someBytes(10), 'm.gguf')).remote
    expect([plain.name, plain.size, plain.version]).toEqual(['m.gguf', 10, undefined])
    expect([plain.checkUnchanged, plain.sibling]).toEqual([undefined, undefined])
    const failure = new DasllamaError('IO', 'm.gguf has changed', { hint: 'load it again' })
    const { remote } = behindChannel({
      ...bytesSource(someBytes(10), 'm.gguf'),
      version: '"etag"',
      checkUnchanged: () => Promise.reject(failure),
      sibling: () => Promise.reject(failure),
    })
    expect(remote.version).toBe('"etag"')
    for (const failed of [remote.checkUnchanged!(), remote.sibling!('x')]) {
      await expect(failed).rejects.toMatchObject({ code: 'IO', message: failure.message, hint: failure.hint })
    }
  })

  it('has a version of another type as text, which can be posted and compared', () => {
    const { served } = behindChannel(bytesSource(someBytes(1)))
    for (const version of [17, () => 17, Symbol('v')]) {
      const source = { ...bytesSource(someBytes(1)), version } as unknown as ByteSource
      expect(served.add(source).version).toBe(String(version))
    }
  })

  it('has its errors back as the same objects, also as a cause', async () => {
    const { near, far } = channelPair()
    const [own, last] = [new TypeError('own'), new Error('last')]
    near.handle('throw', () => Promise.reject(own))
    near.handle('fail', () => Promise.reject(last))
    far.handle('pass', () => far.request('throw', undefined))
    far.handle('wrap', async () => {
      const cause = await far.request('fail', undefined).catch((error) => error)
      throw new DasllamaError('IO', 'wrapped', { cause })
    })
    await expect(near.request('pass', undefined)).rejects.toBe(own)
    const wrapped: DasllamaError = await near.request<never>('wrap', undefined).catch((error) => error)
    expect(wrapped).toMatchObject({ code: 'IO', message: 'wrapped' })
    expect(wrapped.cause).toBe(last)
  })

  it('reads the same bytes, in single reads and several parts at once, into views of a larger buffer', async () => {
    const bytes = someBytes(1000)
    const { remote, farPort } = behindChannel(bytesSource(bytes))
    const buffer = new Uint8Array(300)
    await remote.read(17, buffer.subarray(10, 110))
    expect(buffer.slice(10, 110)).toEqual(bytes.slice(17, 117))
    const before = farPort.posted.length
    const parts = [
      { offset: 0, target: buffer.subarray(0, 50) },
      { offset: 60, target: buffer.subarray(100, 100) },
      { offset: 100, target: buffer.subarray(200, 300) },
      { offset: 999, target: buffer.subarray(60, 61) },
    ]
    await remote.readParts!(parts)
    expect(farPort.posted).toHaveLength(before + 1)
    expect(farPort.posted.at(-1)!.transfer).toHaveLength(1)
    for (const { offset, target } of parts) {
      expect(target).toEqual(bytes.slice(offset, offset + target.length))
    }
    await remote.read(1000, new Uint8Array(0))
  })

  it('cuts large reads into pieces, with two in flight at a time', async () => {
    const bytes = someBytes(3 * PIECE_BYTES + 5)
    const source = bytesSource(bytes)
    const reads: [offset: number, length: number][] = []
    let reading = 0
    let most = 0
    const { remote } = behindChannel({
      ...source,
      async read(offset, target, signal) {
        reads.push([offset, target.length])
        most = Math.max(most, ++reading)
        await new Promise((resolve) => setTimeout(resolve, 2))
        await source.read(offset, target, signal)
        reading--
      },
    })
    const target = new Uint8Array(bytes.length - 1)
    await remote.read(1, target)
    expect(Buffer.compare(target, bytes.subarray(1))).toBe(0)
    expect(most).toBe(2)
    expect(reads).toEqual([
      [1, PIECE_BYTES],
      [1 + PIECE_BYTES, PIECE_BYTES],
      [1 + 2 * PIECE_BYTES, PIECE_BYTES],
      [1 + 3 * PIECE_BYTES, 4],
    ])
    reads.length = 0
    target.fill(0)
    const parts = [
      { offset: 0, target: target.subarray(0, PIECE_BYTES - 7) },
      { offset: PIECE_BYTES, target: target.subarray(PIECE_BYTES, 2 * PIECE_BYTES) },
    ]
    await remote.readParts!(parts)
    for (const { offset, target } of parts) {
      expect(Buffer.compare(target, bytes.subarray(offset, offset + target.length))).toBe(0)
    }
    expect(reads.sort(([a], [b]) => a - b)).toEqual([
      [0, PIECE_BYTES - 7],
      [PIECE_BYTES, 7],
      [PIECE_BYTES + 7, PIECE_BYTES - 7],
    ])
  })

  it('reads several parts at once if the source can', async () => {
    const bytes = someBytes(100)
    const calls: number[][] = []
    const { remote } = behindChannel({
      ...bytesSource(bytes),
      read: () => Promise.reject(new Error('one by one')),
      async readParts(parts) {
        calls.push(parts.map(({ offset }) => offset))
        for (const { offset, target } of parts) target.set(bytes.subarray(offset, offset + target.length))
      },
    })
    const [a, b] = [new Uint8Array(3), new Uint8Array(4)]
    await remote.readParts!([
      { offset: 5, target: a },
      { offset: 50, target: b },
    ])
    expect(calls).toEqual([[5, 50]])
    expect([a, b]).toEqual([bytes.slice(5, 8), bytes.slice(50, 54)])
  })

  it('rejects a range beyond the end without a request, naming the whole range', async () => {
    const { remote, nearPort } = behindChannel(bytesSource(someBytes(10), 'm.gguf'))
    const reading = remote.read(8, new Uint8Array(PIECE_BYTES + 3))
    await expect(reading).rejects.toMatchObject({
      code: 'TRUNCATED',
      message: `m.gguf: cannot read ${PIECE_BYTES + 3} bytes at byte 8: the data ends at byte 10`,
    })
    expect(nearPort.posted).toEqual([])
  })

  it('learns the size of a stream when it ends, even in a failing read', async () => {
    const bytes = someBytes(100)
    let size = Number.MAX_SAFE_INTEGER
    const source: ByteSource = {
      ...bytesSource(bytes, 'stream'),
      get size() {
        return size
      },
      async read(offset, target) {
        if (offset + target.length >= 100) size = 100
        checkRange('stream', size, offset, target.length)
        target.set(bytes.subarray(offset, offset + target.length))
      },
    }
    for (const end of [100, 101]) {
      size = Number.MAX_SAFE_INTEGER
      const { remote } = behindChannel(source)
      expect(remote.size).toBe(Number.MAX_SAFE_INTEGER)
      const reading = remote.read(90, new Uint8Array(end - 90))
      if (end === 100) await reading
      else await expect(reading).rejects.toMatchObject({ code: 'TRUNCATED' })
      expect(remote.size).toBe(100)
    }
  })

  it('opens siblings, which are closed separately', async () => {
    const closed: string[] = []
    const named = (name: string): ByteSource => ({
      ...bytesSource(someBytes(name.length), name),
      sibling: async (fileName) => {
        if (fileName === 'gone') throw new DasllamaError('NOT_FOUND', 'there is no gone')
        return named(fileName)
      },
      close: async () => void closed.push(name),
    })
    const { remote, served } = behindChannel(named('first'))
    const second = await remote.sibling!('second')
    expect([second.name, second.size]).toEqual(['second', 6])
    await expect(remote.sibling!('gone')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await remote.close()
    await remote.close()
    expect(closed).toEqual(['first'])
    await second.read(0, new Uint8Array(6))
    await expect(remote.read(0, new Uint8Array(1))).rejects.toMatchObject({ code: 'IO' })
    await served.close()
    await served.close()
    expect(closed).toEqual(['first', 'second'])
  })

  it('rejects in close like the original', async () => {
    const { remote } = behindChannel({
      ...bytesSource(someBytes(1)),
      close: () => Promise.reject(new DasllamaError('IO', 'cannot be closed')),
    })
    await expect(remote.close()).rejects.toMatchObject({ code: 'IO', message: 'cannot be closed' })
  })

  it('forwards aborts, and writes nothing after one', async () => {
    const reason = new Error('enough')
    const heard: unknown[] = []
    const { remote } = behindChannel(
      guarded({
        ...bytesSource(someBytes(10)),
        read: (_, __, signal) => {
          signal!.addEventListener('abort', () => heard.push('abort'))
          return new Promise(() => {})
        },
      }),
    )
    const controller = new AbortController()
    const reading = remote.read(0, new Uint8Array(5), controller.signal)
    setTimeout(() => controller.abort(reason), 5)
    await expect(reading).rejects.toBe(reason)
    expect(heard).toEqual(['abort'])
    await expect(remote.read(0, new Uint8Array(5), AbortSignal.abort(reason))).rejects.toBe(reason)

    // The source has answered, but the abort arrives before its answer.
    const late = behindChannel(bytesSource(someBytes(10)))
    const lateController = new AbortController()
    const target = new Uint8Array(5)
    const lateReading = late.remote.read(2, target, lateController.signal)
    while (late.farPort.posted.length === 0) await new Promise((resolve) => setImmediate(resolve))
    lateController.abort(reason)
    await expect(lateReading).rejects.toBe(reason)
    expect(target).toEqual(new Uint8Array(5))
  })

  it('rejects pending and later reads once the channel is closed; then close does nothing', async () => {
    const closed: string[] = []
    let isOpening = false
    let open = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    const { near, remote, served } = behindChannel({
      ...bytesSource(someBytes(10)),
      read: () => new Promise(() => {}),
      async sibling() {
        isOpening = true
        await opened
        return { ...bytesSource(someBytes(1)), close: async () => void closed.push('sibling') }
      },
      close: async () => void closed.push('first'),
    })
    const lost = new DasllamaError('THREAD_LOST', 'gone')
    const reading = remote.read(0, new Uint8Array(5))
    const opening = remote.sibling!('sibling')
    while (!isOpening) await new Promise((resolve) => setImmediate(resolve))
    near.close(lost)
    await expect(reading).rejects.toBe(lost)
    await expect(opening).rejects.toBe(lost)
    await expect(remote.read(0, new Uint8Array(5))).rejects.toBe(lost)
    await remote.close()
    await served.close()
    open()
    await new Promise((resolve) => setImmediate(resolve))
    expect(closed).toEqual(['first', 'sibling'])
  })
})
