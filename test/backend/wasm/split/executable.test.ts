import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Batch } from '../../../../src/backend/batch.js'
import type { Executable } from '../../../../src/backend/executable.js'
import type { SequenceMemory } from '../../../../src/backend/memory.js'
import type { Arena } from '../../../../src/backend/wasm/arena.js'
import { pacer } from '../../../../src/platform/pacer.js'
import { SMALL, smallModel, VOCAB } from '../../../model/small.js'
import { append, contentOf, decode, expectSameBits, load, outputsOf, prefill, someIds } from '../load.js'
import { type InParts, loadInParts } from './load.js'

const MODEL = smallModel({ shape: { ...SMALL.shape, headDim: 32, layers: 5 }, format: 'Q8_0' })

let whole: Executable
let inThree: InParts

beforeEach(async () => {
  whole = await load(MODEL)
  inThree = await loadInParts(MODEL, 3)
})
afterEach(() => vi.restoreAllMocks())

/** A memory with a prompt and decoded tokens, and all logits on the way. */
async function begin(executable: Executable, seed = 0) {
  const memory = executable.createMemory('f16')
  const logits = [
    await prefill(executable, memory, someIds(140, VOCAB, seed)),
    ...(await decode(executable, memory, someIds(3, VOCAB, seed + 50))),
  ]
  return { memory, logits }
}

/** One batch of a prompt of a new sequence and decoded rows of two others. */
function mixedBatch([a, b, c]: readonly SequenceMemory[]): Batch {
  const ids = [...someIds(20, VOCAB, 9), 7, 8]
  return {
    ids,
    positions: [...ids.slice(2).map((_, i) => c.length + i), a.length, b.length],
    runs: [
      { memory: c, firstRow: 0, rows: 20, phase: 'prefill' },
      { memory: a, firstRow: 20, rows: 1, phase: 'decode' },
      { memory: b, firstRow: 21, rows: 1, phase: 'decode' },
    ],
    outputs: [0, 4, 19, 20, 21],
  }
}

describe('a model in three memories', () => {
  it('holds each layer once, and no part is empty', () => {
    const { parts } = inThree
    expect(parts.map(({ layers }) => layers)).toEqual([
      { first: 0, end: expect.any(Number) },
      { first: parts[0].layers.end, end: expect.any(Number) },
      { first: parts[1].layers.end, end: 5 },
    ])
    expect(inThree.executable.memories).toEqual(whole.memories)
    expect(inThree.executable.sequenceBytes(1000, 'f16')).toBe(whole.sequenceBytes(1000, 'f16'))
  })

  it('runs batches of several sequences with the bits of the undivided model', async () => {
    const results = await Promise.all(
      [whole, inThree.executable].map(async (executable) => {
        const memories = [(await begin(executable)).memory, (await begin(executable, 1)).memory]
        memories.push(executable.createMemory('f16'))
        const outputs = await outputsOf(executable, mixedBatch(memories))
        const hidden = await append(executable, memories[0], [3], 'decode', { want: 'hidden' })
        const content = await Promise.all(memories.map(contentOf))
        return { values: [...outputs.values(), hidden], content }
      }),
    )
    expectSameBits(results[1].values, results[0].values)
    expect(results[1].content).toEqual(results[0].content)
  })

  it('truncates, forks and copies all parts alike', async () => {
    const [expected, actual] = await Promise.all(
      [whole, inThree.executable].map(async (executable) => {
        const { memory, logits } = await begin(executable)
        memory.hold()
        const fork = await memory.fork()
        expect(await memory.truncate(130)).toBe(130)
        expect([memory.length, fork.length]).toEqual([130, 143])
        logits.push(...(await decode(executable, memory, [1, 2])), ...(await decode(executable, fork, [4])))
        await memory.copyFrom(fork)
        memory.release()
        logits.push(...(await decode(executable, memory, [6])))
        fork.dispose()
        await expect(append(executable, fork, [1], 'decode')).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
        })
        return { logits, reach: memory.reach, bytes: memory.bytes }
      }),
    )
    expectSameBits(actual.logits, expected.logits)
    expect([actual.reach, actual.bytes]).toEqual([expected.reach, expected.bytes])
  })

  it('shifts all parts alike', async () => {
    const [expected, actual] = await Promise.all(
      [whole, inThree.executable].map(async (executable) => {
        const { memory } = await begin(executable)
        expect([executable.canShift, memory.canShift]).toEqual([true, true])
        await memory.shift(5, 40)
        return [memory.length, await contentOf(memory), await decode(executable, memory, [9])]
      }),
    )
    expect(actual).toEqual(expected)
  })

  it('restores what the undivided model has saved, and the other way round', async () => {
    const { executable } = inThree
    for (const [from, to] of [
      [whole, executable],
      [executable, whole],
    ]) {
      const { memory } = await begin(from)
      const records = await memory.save()
      const restored = (await begin(to, 3)).memory
      await restored.restore(records, { length: memory.length, promptEnd: 140 })
      expect(await contentOf(restored)).toBe(await contentOf(memory))
      expectSameBits(await decode(to, restored, [5, 6]), await decode(from, memory, [5, 6]))
    }
  })

  it('rejects the state of another layer plan, and keeps its own', async () => {
    const { executable } = inThree
    const { memory } = await begin(executable)
    const before = await contentOf(memory)
    const records = await memory.save()
    const { length } = memory
    const damaged = [...records.slice(0, 4), { ...records[4], bytes: records[4].bytes.slice(1) }]
    for (const [state, message] of [
      [records.slice(1), /it has 4 layers, and the model 5$/],
      [damaged, /does not match the model$/],
    ] as const) {
      const restoring = memory.restore(state, { length })
      await expect(restoring).rejects.toMatchObject({
        code: 'BAD_FORMAT',
        message: expect.stringMatching(message),
      })
      expect(await contentOf(memory)).toBe(before)
    }
  })

  it('changes no part when a later one has too little memory, and then runs the same batch', async () => {
    const { executable, engines } = inThree
    const memories = [(await begin(executable)).memory, (await begin(executable, 1)).memory]
    memories.push(executable.createMemory('f16'))
    const state = async () => [...(await Promise.all(memories.map(contentOf))), executable.bytesInUse]
    const before = await state()
    for (const { arena } of engines) {
      const { allocate } = arena
      vi.spyOn(arena, 'allocate').mockImplementation(function (this: Arena, bytes, purpose) {
        return allocate.call(arena, purpose.startsWith('a page') ? 2 ** 40 : bytes, purpose)
      })
      const running = outputsOf(executable, mixedBatch(memories))
      await expect(running).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
      vi.restoreAllMocks()
      expect(await state()).toEqual(before)
      const restoring = memories[0].restore((await memories[1].save()).slice(1), { length: 143 })
      await expect(restoring).rejects.toMatchObject({ code: 'BAD_FORMAT' })
    }
    const same = [(await begin(whole)).memory, (await begin(whole, 1)).memory, whole.createMemory('f16')]
    const [actual, expected] = [
      await outputsOf(executable, mixedBatch(memories)),
      await outputsOf(whole, mixedBatch(same)),
    ]
    expectSameBits([...actual.values()], [...expected.values()])
  })

  it('keeps only what all parts have when a shift fails in a later one', async () => {
    const { executable } = inThree
    const { memory } = await begin(executable)
    const fork = await memory.fork()
    const { arena } = inThree.engines[2]
    vi.spyOn(arena, 'allocate').mockImplementation(() => {
      throw new Error('no memory')
    })
    await expect(memory.shift(5, 40)).rejects.toThrow('no memory')
    vi.restoreAllMocks()
    expect(memory.length).toBe(5)
    await fork.truncate(5)
    expectSameBits(await decode(executable, memory, [1]), await decode(executable, fork, [1]))
  })

  it('checks the signal between its parts, and computes the same after an abort', async () => {
    const { executable } = inThree
    const { memory } = await begin(executable)
    const before = await contentOf(memory)
    vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    for (const pauses of [0, 3, 8, 20]) {
      const controller = new AbortController()
      let left = pauses
      vi.spyOn(pacer, 'pause').mockImplementation(async () => {
        if (left-- === 0) controller.abort(new Error('enough'))
      })
      const { signal } = controller
      await expect(append(executable, memory, [1, 2, 3], 'decode', { signal })).rejects.toThrow('enough')
      expect(await contentOf(memory)).toBe(before)
    }
    vi.restoreAllMocks()
    const { memory: same } = await begin(whole)
    expectSameBits(
      await append(executable, memory, [1, 2, 3], 'decode'),
      await append(whole, same, [1, 2, 3], 'decode'),
    )
  })

  it('has the same bits with threads in each memory, and ends them', async () => {
    const { executable, engines } = await loadInParts(MODEL, 2, { threads: 2 })
    expect(engines.map(({ pool }) => pool.size)).toEqual([2, 2])
    expect(executable.threads).toBe(2)
    const [expected, actual] = [await begin(whole), await begin(executable)]
    expectSameBits(actual.logits, expected.logits)
    await executable.dispose()
    expect([executable.threads, executable.bytesInUse]).toEqual([0, 0])
    expect(engines.map(({ pool }) => pool.size)).toEqual([1, 1])
    await expect(decode(executable, actual.memory, [1])).rejects.toMatchObject({ code: 'DISPOSED' })
    expect(() => executable.createMemory('f16')).toThrowError(/disposed/)
  })
})
