import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  KV_TYPES,
  type MemoryRecord,
  reachableLength,
  type SequenceMemory,
} from '../../../src/backend/memory.js'
import type { Engine } from '../../../src/backend/wasm/engine.js'
import type { WasmExecutable } from '../../../src/backend/wasm/executable.js'
import { SMALL, smallModel, VOCAB } from '../../model/small.js'
import { append, bytesInUse, contentOf, decode, engineOf, load, prefill, someIds } from './load.js'

const SHAPE = { ...SMALL.shape, headDim: 32 }
/** Keys and values of 128 positions, 2 layers, 2 heads of 32, in f16. */
const PAGE = 128 * 2 * 2 * (2 * 32) * 2

let engine: Engine
let executable: WasmExecutable
/** Bytes in use without a sequence. */
let unused: number

beforeEach(async () => {
  engine = await engineOf()
  executable = await load(smallModel({ shape: SHAPE }), { engine })
  unused = executable.bytesInUse
})
afterEach(() => vi.restoreAllMocks())

async function pagesInUse(): Promise<number> {
  return ((await bytesInUse(executable)) - unused) / PAGE
}

/** The last logits of a fresh sequence of these prompt and decoded tokens. */
async function freshLogits(prompt: readonly number[], decoded: readonly number[]): Promise<Float32Array> {
  const memory = executable.createMemory('f16')
  const logits = await prefill(executable, memory, prompt)
  const last = (await decode(executable, memory, decoded)).at(-1)
  memory.dispose()
  return last ?? logits
}

describe('a memory', () => {
  it('takes no memory before it is used, then a page per 128 positions', async () => {
    const memory = executable.createMemory('f16')
    expect([memory.bytes, memory.length, await pagesInUse()]).toEqual([0, 0, 0])
    for (const [length, pages] of [
      [1, 1],
      [127, 1],
      [128, 1],
      [129, 2],
      [256, 2],
      [257, 3],
    ]) {
      await prefill(executable, memory, someIds(length - memory.length, VOCAB))
      expect(memory.length).toBe(length)
      expect([memory.bytes / PAGE, await pagesInUse()]).toEqual([pages, pages])
    }
    memory.dispose()
    memory.dispose()
    expect([memory.bytes, memory.length, await bytesInUse(executable)]).toEqual([0, 0, unused])
  })

  it('of 8 tokens takes one page, whatever the context length', async () => {
    const memories = Array.from({ length: 64 }, () => executable.createMemory('f16'))
    for (const [i, memory] of memories.entries()) await prefill(executable, memory, someIds(8, VOCAB, i))
    expect(await pagesInUse()).toBe(64)
    for (const memory of memories) memory.dispose()
    expect(await bytesInUse(executable)).toBe(unused)
  })

  it('without windows reaches every length', async () => {
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, someIds(300, VOCAB))
    for (const to of [0, 1, 127, 128, 129, 299, 300]) expect(reachableLength(memory.reach, to)).toBe(to)
    expect(reachableLength(memory.reach, 1000)).toBe(300)
    expect(memory.canShift).toBe(true)
  })
})

describe('truncation', () => {
  it.each([0, 1, 127, 128, 129, 200, 256, 259])(
    'to %d frees pages, and later results have fresh bits',
    async (to) => {
      const prompt = someIds(260, VOCAB)
      const memory = executable.createMemory('f16')
      await prefill(executable, memory, prompt)
      expect(await memory.truncate(to)).toBe(to)
      expect(memory.length).toBe(to)
      expect(await pagesInUse()).toBe(Math.ceil(to / 128))
      const others = someIds(10, VOCAB, 9)
      const logits = await append(executable, memory, others, 'prefill')
      expect(logits).toEqual(await freshLogits([...prompt.slice(0, to), ...others], []))
      const decoded = await decode(executable, memory, [3, 4])
      expect(decoded[1]).toEqual(await freshLogits([...prompt.slice(0, to), ...others], [3, 4]))
    },
  )

  it('to more than the length changes nothing', async () => {
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, someIds(9, VOCAB))
    expect(await memory.truncate(20)).toBe(9)
    expect(memory.length).toBe(9)
  })
})

describe('a memory that takes over the content of another', () => {
  it('shares its pages, and frees its own', async () => {
    const source = executable.createMemory('f16')
    const prompt = someIds(300, VOCAB)
    await prefill(executable, source, prompt)
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, someIds(900, VOCAB, 3))
    memory.hold()
    await memory.copyFrom(source)
    expect(await pagesInUse()).toBe(3)
    expect([memory.length, memory.bytes, memory.reach]).toEqual([300, source.bytes, source.reach])
    expect((await decode(executable, memory, [7]))[0]).toEqual(await freshLogits(prompt, [7]))
    expect((await decode(executable, source, [8]))[0]).toEqual(await freshLogits(prompt, [8]))
    source.dispose()
    memory.dispose()
    expect(await bytesInUse(executable)).toBe(unused)
  })

  it('may be the same', async () => {
    const memory = executable.createMemory('f16')
    const prompt = someIds(130, VOCAB)
    await prefill(executable, memory, prompt)
    await memory.copyFrom(memory)
    expect(await pagesInUse()).toBe(2)
    expect((await decode(executable, memory, [7]))[0]).toEqual(await freshLogits(prompt, [7]))
  })
})

describe('a fork', () => {
  it('copies nothing until either is written to, then one page', async () => {
    const memory = executable.createMemory('f16')
    const prompt = someIds(2000, VOCAB)
    await prefill(executable, memory, prompt)
    expect(await pagesInUse()).toBe(16)
    const fork = await memory.fork()
    expect(await pagesInUse()).toBe(16)
    expect([fork.length, fork.bytes, fork.type]).toEqual([2000, memory.bytes, 'f16'])
    const a = await decode(executable, memory, [7])
    expect(await pagesInUse()).toBe(17)
    const b = await decode(executable, fork, [8])
    // The last page now belongs only to the fork.
    expect(await pagesInUse()).toBe(17)
    expect(a[0]).toEqual(await freshLogits(prompt, [7]))
    expect(b[0]).toEqual(await freshLogits(prompt, [8]))
    memory.dispose()
    expect(await pagesInUse()).toBe(16)
    expect((await decode(executable, fork, [9]))[0]).toEqual(await freshLogits(prompt, [8, 9]))
    fork.dispose()
    expect(await bytesInUse(executable)).toBe(unused)
  })

  it('at the end of a page copies nothing', async () => {
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, someIds(256, VOCAB))
    const fork = await memory.fork()
    await decode(executable, fork, [1])
    await decode(executable, memory, [2])
    expect(await pagesInUse()).toBe(2 + 1 + 1)
  })

  it('of a fork, and many forks, are independent whichever is written to', async () => {
    const prompt = someIds(130, VOCAB)
    const root = executable.createMemory('f16')
    await prefill(executable, root, prompt)
    const family: { memory: SequenceMemory; decoded: number[] }[] = [{ memory: root, decoded: [] }]
    let draw = 17
    for (let round = 0; round < 24; round++) {
      draw = (draw * 75 + 74) % 65537
      const chosen = family[draw % family.length]
      if (round % 3 === 0) {
        family.push({ memory: await chosen.memory.fork(), decoded: [...chosen.decoded] })
        continue
      }
      const id = draw % VOCAB
      await decode(executable, chosen.memory, [id])
      chosen.decoded.push(id)
    }
    for (const { memory, decoded } of family) {
      expect((await decode(executable, memory, [5]))[0]).toEqual(await freshLogits(prompt, [...decoded, 5]))
    }
    // Not in the order of creation.
    for (const i of [3, 0, 7, 1, 8, 5, 2, 6, 4]) family[i]?.memory.dispose()
    expect(family).toHaveLength(9)
    expect(await bytesInUse(executable)).toBe(unused)
  })

  it('truncated inside a shared page does not change the other one, and copies the rest of the page when written to', async () => {
    const prompt = someIds(200, VOCAB)
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, prompt)
    const before = await contentOf(memory)
    const fork = await memory.fork()
    await fork.truncate(150)
    expect(await pagesInUse()).toBe(2)
    const logits = await append(executable, fork, [1, 2, 3], 'prefill')
    expect(await pagesInUse()).toBe(3)
    expect(logits).toEqual(await freshLogits([...prompt.slice(0, 150), 1, 2, 3], []))
    expect(await contentOf(memory)).toBe(before)
    // Nothing else holds its second page any more.
    await memory.truncate(20)
    expect(await pagesInUse()).toBe(2)
    expect((await decode(executable, memory, [4]))[0]).toEqual(await freshLogits(prompt.slice(0, 20), [4]))
    expect((await decode(executable, fork, [4]))[0]).toEqual(
      await freshLogits([...prompt.slice(0, 150), 1, 2, 3], [4]),
    )
    memory.dispose()
    fork.dispose()
    expect(await bytesInUse(executable)).toBe(unused)
  })

  it('is not changed by a shift of the other one', async () => {
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, someIds(300, VOCAB))
    const fork = await memory.fork()
    const before = await contentOf(memory)
    await fork.shift(4, 50)
    expect(fork.length).toBe(250)
    expect(await contentOf(memory)).toBe(before)
    const shifted = await contentOf(fork)
    await memory.shift(4, 50)
    expect(await contentOf(memory)).toBe(shifted)
    memory.dispose()
    fork.dispose()
    expect(await bytesInUse(executable)).toBe(unused)
  })
})

describe.each(KV_TYPES)('a saved memory of %s', (type) => {
  it.each([0, 1, 127, 128, 129, 300])('of %d positions continues with the same bits', async (length) => {
    const memory = executable.createMemory(type)
    await prefill(executable, memory, someIds(Math.max(0, length - 3), VOCAB))
    await decode(executable, memory, someIds(length - memory.length, VOCAB, 2))
    const records = await memory.save()
    const restored = executable.createMemory(type)
    await prefill(executable, restored, someIds(140, VOCAB, 5))
    await restored.restore(records, { length })
    expect(restored.length).toBe(length)
    expect(restored.bytes).toBe(memory.bytes)
    expect(await contentOf(restored)).toBe(await contentOf(memory))
    const next = [7, 8, 9]
    expect(await decode(executable, restored, next)).toEqual(await decode(executable, memory, next))
    memory.dispose()
    restored.dispose()
    expect(await bytesInUse(executable)).toBe(unused)
  })

  it('has a record per layer, each a copy', async () => {
    const memory = executable.createMemory(type)
    await prefill(executable, memory, someIds(5, VOCAB))
    const records = await memory.save()
    const rowBytes = { f16: 2 * 64, f32: 4 * 64, q8_0: (34 / 32) * 64 }[type]
    expect(records).toMatchObject([
      { kind: 'kv', first: 0 },
      { kind: 'kv', first: 0 },
    ])
    for (const { bytes } of records) expect(bytes.length).toBe(2 * 5 * rowBytes)
    const before = await contentOf(memory)
    records[0].bytes.fill(1)
    expect(await contentOf(memory)).toBe(before)
  })
})

describe('inconsistent records', () => {
  const whole = { length: 130, promptEnd: 130 }
  const change = (records: readonly MemoryRecord[], index: number, what: object) =>
    records.map((record, i) => (i === index ? ({ ...record, ...what } as MemoryRecord) : record))

  it.each<[string, (records: readonly MemoryRecord[]) => readonly MemoryRecord[]]>([
    ['a layer too few', (records) => records.slice(1)],
    ['a layer too many', (records) => [...records, records[0]]],
    ['no layers', () => []],
    ['a byte too few', (records) => change(records, 1, { bytes: records[1].bytes.slice(1) })],
    [
      'a byte too many',
      (records) => change(records, 0, { bytes: new Uint8Array(records[0].bytes.length + 1) }),
    ],
    ['no bytes', (records) => change(records, 0, { bytes: new Uint8Array() })],
    ['another kind', (records) => change(records, 1, { kind: 'recurrent' })],
    ['a first position that is negative', (records) => change(records, 0, { first: -1 })],
    ['a first position that is a fraction', (records) => change(records, 0, { first: 0.5 })],
    ['a first position that is NaN', (records) => change(records, 0, { first: Number.NaN })],
    [
      'a layer without its beginning',
      (records) => change(records, 1, { first: 128, bytes: records[1].bytes.slice(0, 2 * 2 * 128) }),
    ],
    [
      'layers without their beginning',
      (records) => records.map((each) => ({ ...each, first: 128, bytes: each.bytes.slice(0, 2 * 2 * 128) })),
    ],
    [
      'layers without anything',
      (records) => records.map((each) => ({ ...each, first: 130, bytes: new Uint8Array() })),
    ],
  ])('with %s are rejected, and change nothing', async (_, lie) => {
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, someIds(130, VOCAB))
    const other = executable.createMemory('f16')
    await prefill(executable, other, someIds(20, VOCAB, 3))
    const [before, used] = [await contentOf(other), executable.bytesInUse]
    await expect(other.restore(lie(await memory.save()), whole)).rejects.toMatchObject({
      name: 'DasllamaError',
      code: 'BAD_FORMAT',
    })
    expect(await contentOf(other)).toBe(before)
    expect(executable.bytesInUse).toBe(used)
    expect((await decode(executable, other, [9]))[0]).toEqual(await freshLogits(someIds(20, VOCAB, 3), [9]))
  })

  it.each([0, 129, 131, 258])('of 130 positions are rejected for a length of %d', async (length) => {
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, someIds(130, VOCAB))
    const records = await memory.save()
    await expect(memory.restore(records, { length })).rejects.toMatchObject({ code: 'BAD_FORMAT' })
    expect(memory.length).toBe(130)
  })

  it('of another type are rejected', async () => {
    const memory = executable.createMemory('f32')
    await prefill(executable, memory, someIds(130, VOCAB))
    const other = executable.createMemory('f16')
    await expect(other.restore(await memory.save(), whole)).rejects.toMatchObject({ code: 'BAD_FORMAT' })
    expect([other.length, other.bytes]).toEqual([0, 0])
  })
})
