import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { batchOf } from '../../../src/backend/batch.js'
import type { SequenceMemory } from '../../../src/backend/memory.js'
import { GROUP_BYTES } from '../../../src/backend/worker/output-sender.js'
import { RemoteExecutable } from '../../../src/backend/worker/remote-executable.js'
import { describeExecutable } from '../../../src/backend/worker/serve-executable.js'
import { DasllamaError } from '../../../src/errors.js'
import { SMALL, smallModel, VOCAB } from '../../model/small.js'
import { behindChannel } from '../../support/behind-channel.js'
import { RecurrentExecutable, type RecurrentOptions } from '../../support/recurrent-executable.js'
import { append, bytesInUse, contentOf, decode, load, outputsOf, prefill, someIds } from '../wasm/load.js'

const SHAPE = { ...SMALL.shape, headDim: 32 }
const LOST = new DasllamaError('THREAD_LOST', 'the thread of the engine has ended')
const reason = new Error('enough')

afterEach(() => vi.restoreAllMocks())

/** The double in plain JavaScript behind a channel, and the memories that it has created on its own side. */
function doubleBehindChannel(options: Partial<RecurrentOptions> = {}) {
  const direct = new RecurrentExecutable({ reach: 'kv', ...options })
  const { createMemory } = direct
  const created: SequenceMemory[] = []
  vi.spyOn(direct, 'createMemory').mockImplementation((...args) => {
    const memory = createMemory.apply(direct, args)
    created.push(memory)
    return memory
  })
  return { direct, created, ...behindChannel(direct) }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A promise, and what resolves it. */
function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

describe('an executable behind a channel', () => {
  it('has the properties of the direct one', async () => {
    const direct = await load(smallModel({ shape: SHAPE }))
    const { remote } = behindChannel(direct)
    const { vocabSize, embeddingLength, memories, memoryLimit, threads, kernels, canShift } = remote
    expect({ vocabSize, embeddingLength, memories, memoryLimit, threads, kernels, canShift }).toEqual({
      vocabSize: direct.vocabSize,
      embeddingLength: direct.embeddingLength,
      memories: direct.memories,
      memoryLimit: direct.memoryLimit,
      threads: 1,
      kernels: 'baseline',
      canShift: true,
    })
    expect(remote.bytesInUse).toBe(direct.bytesInUse)
    expect(remote.createMemory('f16').canShift).toBe(true)
  })

  it('throws at once for a cache type that does not fit the layers', async () => {
    const direct = await load(smallModel())
    const { remote, nearPort } = behindChannel(direct)
    const errorOf = (create: () => unknown) => {
      try {
        create()
      } catch (error) {
        return error
      }
    }
    const error = errorOf(() => remote.createMemory('q8_0'))
    expect(error).toMatchObject({ code: 'UNSUPPORTED' })
    expect(error).toEqual(errorOf(() => direct.createMemory('q8_0')))
    expect(nearPort.posted).toEqual([])
  })

  it('rejects an inconsistent batch before anything runs', async () => {
    const { remote, nearPort } = doubleBehindChannel()
    const memory = remote.createMemory('f16')
    const before = nearPort.posted.length
    const batch = { ...batchOf([1], { memory, phase: 'decode', outputs: [0] }), positions: [3] }
    await expect(remote.run(batch, () => {})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(nearPort.posted).toHaveLength(before)
  })

  it("knows the length when a call has ended; a batch's bytes and reach arrive one message later", async () => {
    for (const reach of ['recurrent', 'window'] as const) {
      const { remote, direct, created } = doubleBehindChannel({ reach })
      const memory = remote.createMemory('f16')
      const expectSame = async (far: SequenceMemory) => {
        const { length } = memory
        await bytesInUse(remote)
        expect(far.length).toBe(length)
        expect([memory.length, memory.bytes, memory.reach]).toEqual([far.length, far.bytes, far.reach])
        expect(remote.bytesInUse).toBe(direct.bytesInUse)
      }
      await append(remote, memory, someIds(100, 400), 'prefill')
      await expectSame(created[0])
      memory.hold()
      await decode(remote, memory, someIds(50, 400))
      await expectSame(created[0])
      expect(memory.reach).toContainEqual(reach === 'recurrent' ? [100, 100] : [119, 150])
      memory.release()
      await expectSame(created[0])
      expect(await memory.truncate(120)).toBe(memory.length)
      await expectSame(created[0])
    }
  })

  it('transfers saved records, and copies those that the caller restores', async () => {
    const { remote, farPort, nearPort } = behindChannel(await load(smallModel({ shape: SHAPE })))
    const memory = remote.createMemory('f16')
    await prefill(remote, memory, someIds(130, VOCAB))
    const records = await memory.save()
    const reply = farPort.posted.at(-1)!
    expect(reply.transfer).toHaveLength(records.length)
    // As in a file of a state: all in one buffer, of which they are a part.
    const whole = new Uint8Array(10 + records.reduce((sum, { bytes }) => sum + bytes.length, 0))
    let at = 5
    const views = records.map((record) => {
      const bytes = whole.subarray(at, at + record.bytes.length)
      at += bytes.length
      bytes.set(record.bytes)
      return { ...record, bytes }
    })
    const before = whole.slice()
    const other = remote.createMemory('f16')
    await other.restore(views, { length: 130 })
    expect(Buffer.compare(whole, before)).toBe(0)
    expect(nearPort.posted.at(-1)!.transfer.map((buffer) => (buffer as ArrayBuffer).byteLength)).toEqual([
      0, 0,
    ])
    expect(await contentOf(other)).toBe(await contentOf(memory))
  })

  it('rejects calls on a memory that has been disposed', async () => {
    const { remote, created } = doubleBehindChannel()
    const memory = remote.createMemory('f16')
    await append(remote, memory, [1, 2], 'prefill')
    memory.dispose()
    memory.dispose()
    expect([memory.length, memory.bytes, memory.reach]).toEqual([0, 0, [[0, 0]]])
    for (const call of [() => memory.truncate(0), () => memory.fork(), () => memory.save()]) {
      await expect(call()).rejects.toMatchObject({ code: 'DISPOSED' })
    }
    memory.hold()
    memory.release()
    expect(created[0].length).toBe(0)
  })

  it('reports with the first request why a memory could not be created', async () => {
    const { remote, direct } = doubleBehindChannel()
    vi.spyOn(direct, 'createMemory').mockImplementation(() => {
      throw new DasllamaError('UNSUPPORTED', 'not this one')
    })
    const memory = remote.createMemory('f16')
    await expect(append(remote, memory, [1], 'decode')).rejects.toMatchObject({ message: 'not this one' })
    memory.dispose()
  })
})

describe('calls on several memories at once', () => {
  const call = fc.record({
    memory: fc.nat(2),
    do: fc.constantFrom(
      'prefill' as const,
      'decode' as const,
      'truncate' as const,
      'fork' as const,
      'copy' as const,
      'save' as const,
    ),
    count: fc.integer({ min: 1, max: 20 }),
  })

  it('have the same effect on each memory as alone', async () => {
    const direct = await load(smallModel({ shape: SHAPE }))
    const unused = direct.bytesInUse
    const { remote } = behindChannel(direct)
    const solo = await load(smallModel({ shape: SHAPE }))
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 2, maxLength: 12 }), async (calls) => {
        /** All calls on one memory, one after another; what they resolve with, and the content at the end. */
        const follow = async (executable: typeof solo | typeof remote, number: number) => {
          let memory = executable.createMemory('f16')
          const seen: unknown[] = []
          for (const [seed, each] of calls.entries()) {
            if (each.memory !== number) continue
            if (each.do === 'fork') {
              const fork = await memory.fork()
              memory.dispose()
              memory = fork
            } else if (each.do === 'copy') {
              const copy = executable.createMemory('f16')
              await append(executable, copy, someIds(3, VOCAB), 'decode')
              await copy.copyFrom(memory)
              memory.dispose()
              memory = copy
            } else if (each.do === 'save') seen.push(await contentOf(memory))
            else if (each.do === 'truncate') {
              seen.push(await memory.truncate(Math.max(0, memory.length - each.count)))
            } else seen.push(await append(executable, memory, someIds(each.count, VOCAB, seed), each.do))
            seen.push(memory.length, memory.bytes, memory.reach)
          }
          seen.push(await contentOf(memory))
          memory.dispose()
          return seen
        }
        const together = await Promise.all([0, 1, 2].map((number) => follow(remote, number)))
        for (const number of [0, 1, 2]) expect(together[number]).toEqual(await follow(solo, number))
        expect(await bytesInUse(remote)).toBe(unused)
      }),
      { numRuns: 25 },
    )
  })
})

describe('the outputs of a batch', () => {
  /** Two groups and a half, in rows. */
  const WIDE = 30_000
  const PER_GROUP = Math.floor(GROUP_BYTES / 4 / WIDE)

  it('come in order, one at a time, and are waited for', async () => {
    const { remote, direct } = doubleBehindChannel({ vocab: WIDE })
    const ids = someIds(2 * PER_GROUP + 5, WIDE)
    const outputs = ids.map((_, row) => row).filter((row) => row % 7 !== 3)
    const batchFor = (memory: SequenceMemory) => batchOf(ids, { memory, phase: 'prefill', outputs })
    const expected = await outputsOf(direct, batchFor(direct.createMemory('f16')))
    const taken: number[] = []
    let isTaking = false
    await remote.run(batchFor(remote.createMemory('f16')), async (row, values) => {
      expect(isTaking).toBe(false)
      isTaking = true
      await turn()
      expect(
        Buffer.compare(
          Buffer.from(values.buffer, values.byteOffset, values.byteLength),
          Buffer.from(expected.get(row)!.buffer),
        ),
      ).toBe(0)
      taken.push(row)
      isTaking = false
    })
    expect(taken).toEqual(outputs)
  })

  it('are in flight in at most two groups, however slowly they are taken', async () => {
    const { remote, farPort, nearPort } = doubleBehindChannel({ vocab: WIDE })
    const memory = remote.createMemory('f16')
    const ids = someIds(5 * PER_GROUP + 1, WIDE)
    const outputs = ids.map((_, row) => row)
    const groups = (port: typeof farPort, kind: string) =>
      port.posted.filter(({ message }) => {
        const { kind: actual, name } = message as { kind: string; name?: string }
        return (name ?? actual) === kind
      }).length
    let most = 0
    await remote.run(batchOf(ids, { memory, phase: 'prefill', outputs }), async () => {
      for (let i = 0; i < 5; i++) await turn()
      most = Math.max(most, groups(farPort, 'event') - groups(nearPort, 'executable.taken'))
    })
    expect(groups(farPort, 'event')).toBe(6)
    expect(most).toBe(2)
  })

  it('come in buffers that are returned and reused', async () => {
    const { remote } = doubleBehindChannel()
    const memory = remote.createMemory('f16')
    let made = 0
    const Plain = ArrayBuffer
    vi.stubGlobal(
      'ArrayBuffer',
      class extends Plain {
        constructor(length: number) {
          super(length)
          if (length >= 1600) made++
        }
      },
    )
    try {
      await decode(remote, memory, someIds(30, 400))
    } finally {
      vi.unstubAllGlobals()
    }
    expect(made).toBe(1)
  })

  it('reject the batch with the error of a taker that throws, and no memory grows', async () => {
    const { remote, created } = doubleBehindChannel({ vocab: WIDE })
    const memory = remote.createMemory('f16')
    const ids = someIds(3 * PER_GROUP, WIDE)
    const batch = batchOf(ids, { memory, phase: 'prefill', outputs: ids.map((_, row) => row) })
    for (const failAt of [0, PER_GROUP + 1, ids.length - 1]) {
      const taken: number[] = []
      const running = remote.run(batch, async (row) => {
        taken.push(row)
        await turn()
        if (row === failAt) throw reason
      })
      await expect(running).rejects.toBe(reason)
      expect(taken.at(-1)).toBe(failAt)
      expect([memory.length, created[0].length]).toEqual([0, 0])
    }
    await remote.run(batch, () => {})
    expect(memory.length).toBe(ids.length)
    await bytesInUse(remote)
    expect([memory.length, created[0].length]).toEqual([ids.length, ids.length])
  })
})

describe('an abort', () => {
  it('leaves both sides with the same length, whenever it comes', async () => {
    const direct = await load(smallModel({ shape: SHAPE }))
    const { createMemory } = direct
    const far: SequenceMemory[] = []
    vi.spyOn(direct, 'createMemory').mockImplementation((...args) => {
      far.push(createMemory.apply(direct, args))
      return far.at(-1)!
    })
    const { remote } = behindChannel(direct)
    const memory = remote.createMemory('f16')
    const outcomes = new Set<string>()
    for (let turns = 0; turns < 24; turns++) {
      const before = memory.length
      const controller = new AbortController()
      const { signal } = controller
      const running = append(remote, memory, someIds(3, VOCAB, turns), 'decode', { signal }).then(
        () => 'done',
        (error) => (error === reason ? 'aborted' : error),
      )
      for (let i = 0; i < turns / 3; i++) await turn()
      controller.abort(reason)
      const outcome = await running
      outcomes.add(outcome)
      expect(memory.length).toBe(outcome === 'done' ? before + 3 : before)
      await bytesInUse(remote)
      expect(memory.length).toBe(outcome === 'done' ? before + 3 : before)
      expect(far[0].length).toBe(memory.length)
    }
    expect([...outcomes].sort()).toEqual(['aborted', 'done'])
  })

  it('while an output is taken ends the batch when that has been taken', async () => {
    const { remote, created } = doubleBehindChannel()
    const memory = remote.createMemory('f16')
    const controller = new AbortController()
    const { open, opened } = gate()
    let isTaken = false
    const batch = batchOf([1, 2], { memory, phase: 'prefill', outputs: [0, 1], signal: controller.signal })
    const running = remote.run(batch, async (row) => {
      expect(row).toBe(0)
      controller.abort(reason)
      await opened
      isTaken = true
    })
    setTimeout(open, 10)
    await expect(running).rejects.toBe(reason)
    expect(isTaken).toBe(true)
    expect([memory.length, created[0].length]).toEqual([0, 0])
    expect(await append(remote, memory, [1, 2], 'prefill')).toHaveLength(400)
  })

  it('after a dispose of the memory does not free pages that the batch still writes to', async () => {
    const direct = await load(smallModel({ shape: SHAPE }))
    const unused = direct.bytesInUse
    const events: string[] = []
    const { createMemory, run } = direct
    vi.spyOn(direct, 'createMemory').mockImplementation((...args) => {
      const memory = createMemory.apply(direct, args)
      const { dispose } = memory
      vi.spyOn(memory, 'dispose').mockImplementation(() => {
        events.push('dispose')
        dispose.call(memory)
      })
      return memory
    })
    vi.spyOn(direct, 'run').mockImplementation((batch, take) =>
      run.call(direct, batch, take).finally(() => events.push('ended')),
    )
    const { remote } = behindChannel(direct)
    const memory = remote.createMemory('f16')
    const controller = new AbortController()
    const batch = batchOf([1, 2, 3], { memory, phase: 'decode', outputs: [2], signal: controller.signal })
    // It is waiting for its output to be taken.
    const { open, opened } = gate()
    const running = remote.run(batch, () => {
      memory.dispose()
      setTimeout(() => {
        controller.abort(reason)
        setTimeout(open, 10)
      }, 10)
      return opened
    })
    await expect(running).rejects.toBe(reason)
    expect(await bytesInUse(remote)).toBe(unused)
    expect(events.slice(0, 2)).toEqual(['ended', 'dispose'])
  })
})

describe('when the thread is lost', () => {
  it('pending calls reject, and the known state stays', async () => {
    const { remote, near } = doubleBehindChannel()
    const [memory, other] = [remote.createMemory('f16'), remote.createMemory('f16')]
    await append(remote, memory, [1, 2, 3], 'prefill')
    const records = await memory.save()
    const { bytes, reach } = memory
    const used = remote.bytesInUse
    const waiting = { memory: remote.createMemory('f16'), phase: 'decode' as const, outputs: [] }
    const calls = [
      () => append(remote, memory, [4], 'decode'),
      () => remote.run(batchOf([1], waiting), () => {}),
      () => other.fork(),
      () => other.save(),
      () => other.truncate(0),
      () => other.shift(0, 0),
      () => other.restore(records, { length: 3 }),
    ]
    const pending = calls.map((call) => call())
    near.close(LOST)
    for (const outcome of await Promise.allSettled(pending)) {
      expect(outcome).toEqual({ status: 'rejected', reason: LOST })
    }
    for (const call of calls) await expect(call()).rejects.toBe(LOST)
    expect(() => remote.createMemory('f16')).toThrow(LOST)
    expect([memory.length, memory.bytes, memory.reach]).toEqual([3, bytes, reach])
    expect([remote.bytesInUse, remote.threads]).toEqual([used, 1])
    memory.hold()
    memory.release()
    memory.dispose()
    memory.dispose()
    expect([memory.length, memory.bytes]).toEqual([0, 0])
    await remote.dispose()
    await remote.dispose()
    await expect(other.truncate(0)).rejects.toBe(LOST)
    expect(() => remote.createMemory('f16')).toThrow('the model has been disposed')
  })

  it('no more outputs are taken after the current one', async () => {
    const { remote, near, far, created } = doubleBehindChannel()
    const memory = remote.createMemory('f16')
    const taken: number[] = []
    const running = remote.run(
      batchOf([1, 2, 3], { memory, phase: 'decode', outputs: [0, 1, 2] }),
      async (row) => {
        taken.push(row)
        near.close(LOST)
        await turn()
      },
    )
    await expect(running).rejects.toBe(LOST)
    expect(taken).toEqual([0])
    // The other side, should it still be there, does not wait for ever.
    far.close(LOST)
    await turn()
    expect([memory.length, created[0].length]).toEqual([0, 0])
  })
})

describe('dispose', () => {
  it('rejects running and waiting calls, ends the other side once, and resolves when that has ended', async () => {
    const { direct, near } = doubleBehindChannel()
    const { open, opened } = gate()
    let ends = 0
    const remote = new RemoteExecutable(near, describeExecutable(direct), {
      end: () => {
        ends++
        return opened
      },
    })
    const [memory, other] = [remote.createMemory('f16'), remote.createMemory('f16')]
    await append(remote, memory, [1], 'decode')
    const pending = [
      append(remote, memory, [4], 'decode'),
      append(remote, other, [4], 'decode'),
      memory.truncate(0),
    ]
    let isDone = false
    const disposing = Promise.all([remote.dispose(), remote.dispose()]).then(() => {
      isDone = true
    })
    for (const outcome of await Promise.allSettled(pending)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'DISPOSED' } })
    }
    expect([remote.bytesInUse, remote.threads, isDone, ends]).toEqual([0, 0, false, 1])
    open()
    await disposing
    memory.dispose()
    await expect(append(remote, other, [1], 'decode')).rejects.toMatchObject({ code: 'DISPOSED' })
    await turn()
    expect(direct.isDisposed).toBe(true)
  })
})
