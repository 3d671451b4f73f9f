import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Phase } from '../../../src/backend/batch.js'
import { type KvType, reachableLength, type SequenceMemory } from '../../../src/backend/memory.js'
import type { WasmExecutable } from '../../../src/backend/wasm/executable.js'
import { sequenceBytes } from '../../../src/backend/wasm/kv-layout.js'
import type { KvMemory } from '../../../src/backend/wasm/kv-memory.js'
import { VOCAB } from '../../model/small.js'
import { append, contentOf, decode, expectSameBits, load, prefill, someIds } from './load.js'
import { windowedModel } from './windowed-family.js'

const WINDOWS = [1, 5, 40, 128, 129, 200]

/** Pages that layers with a window hold. */
function windowedPages(memory: SequenceMemory): number {
  const table = (memory as KvMemory).tables.find(({ group }) => group.window !== undefined)!
  return table.bytes / table.group.pageBytes
}

/** Most pages that keep a length reachable: its window, at any alignment, and one page before it. */
function pagesOfEnd(window: number): number {
  return Math.ceil((window - 1) / 128) + 2
}

/** A memory whose layers with a window free nothing: the reference for the others. */
function retained(executable: WasmExecutable, type: KvType = 'f16'): SequenceMemory {
  return executable.createMemory(type, { retain: 1 })
}

describe.each(WINDOWS)('layers with a window of %d', (window) => {
  it.each(['f16', 'q8_0'] as const)(
    'hold a bounded number of pages, with the same results as holding all, %s',
    async (type) => {
      const executable = await load(windowedModel({ window }))
      const unused = executable.bytesInUse
      const [memory, all] = [executable.createMemory(type), retained(executable, type)]
      const ids = someIds(2000, VOCAB, window)
      const most = sequenceBytes(executable.memories, 2000, type)
      const appendBoth = async (count: number, phase: Phase) => {
        const next = ids.slice(memory.length, memory.length + count)
        const [actual, expected] = [
          await append(executable, memory, next, phase),
          await append(executable, all, next, phase),
        ]
        expectSameBits(actual, expected, `length ${memory.length}`)
        expect(memory.bytes).toBeLessThanOrEqual(most)
      }
      for (const size of [128, 1, 100, 128, 27, 128, 128]) await appendBoth(size, 'prefill')
      expect(windowedPages(memory)).toBeLessThanOrEqual(pagesOfEnd(window))
      while (memory.length < 900) {
        await appendBoth(memory.length % 7 === 0 ? 5 : 1, 'decode')
        // The end of the prompt and the current end.
        expect(windowedPages(memory)).toBeLessThanOrEqual(2 * pagesOfEnd(window))
      }
      while (memory.length < 2000) await appendBoth(Math.min(100, 2000 - memory.length), 'prefill')
      expect(windowedPages(memory)).toBeLessThanOrEqual(pagesOfEnd(window))
      expect(windowedPages(all)).toBe(16)
      memory.dispose()
      all.dispose()
      expect(executable.bytesInUse).toBe(unused)
    },
  )

  it('keep the end of the prompt and a held length reachable', async () => {
    const executable = await load(windowedModel({ window }))
    const ids = someIds(1500, VOCAB)
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, ids.slice(0, 300))
    await decode(executable, memory, ids.slice(300, 700))
    memory.hold()
    await decode(executable, memory, ids.slice(700, 1200))
    expect([
      reachableLength(memory.reach, 1200),
      reachableLength(memory.reach, 700),
      reachableLength(memory.reach, 300),
    ]).toEqual([1200, 700, 300])
    expect(windowedPages(memory)).toBeLessThanOrEqual(3 * pagesOfEnd(window))
    expect(memory.bytes).toBeLessThanOrEqual(sequenceBytes(executable.memories, 1200, 'f16'))
    // Between them a length whose window is still there.
    const between = reachableLength(memory.reach, 1000)
    expect(between).toBeLessThanOrEqual(1000)
    expect(between).toBeGreaterThanOrEqual(700)
    memory.release()
    expect(reachableLength(memory.reach, 700)).toBeLessThan(700)
    expect(reachableLength(memory.reach, 700)).toBeGreaterThanOrEqual(300)
    expect(windowedPages(memory)).toBeLessThanOrEqual(2 * pagesOfEnd(window))
    // A hold replaces the previous one.
    memory.hold()
    await decode(executable, memory, ids.slice(1200, 1300))
    memory.hold()
    await decode(executable, memory, ids.slice(1300, 1500))
    expect(reachableLength(memory.reach, 1300)).toBe(1300)
    expect(windowedPages(memory)).toBeLessThanOrEqual(3 * pagesOfEnd(window))
    const all = retained(executable)
    await prefill(executable, all, ids.slice(0, 300))
    await decode(executable, all, ids.slice(300, 1300))
    expect(await memory.truncate(1300)).toBe(1300)
    expectSameBits(await decode(executable, memory, [1, 2]), await decode(executable, all, [1, 2]))
    expect(await memory.truncate(300)).toBe(300)
    await all.truncate(300)
    expectSameBits(await decode(executable, memory, [3, 4]), await decode(executable, all, [3, 4]))
  })

  it('forget a held length when it is truncated', async () => {
    const executable = await load(windowedModel({ window }))
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, someIds(300, VOCAB))
    await decode(executable, memory, someIds(500, VOCAB))
    memory.hold()
    expect(await memory.truncate(300)).toBe(300)
    await decode(executable, memory, someIds(1000, VOCAB))
    expect(windowedPages(memory)).toBeLessThanOrEqual(2 * pagesOfEnd(window))
    expect(reachableLength(memory.reach, 800)).toBeLessThan(800)
  })

  it('report which length a truncation reaches; evaluating the rest again gives the same bits', async () => {
    const executable = await load(windowedModel({ window }))
    const ids = someIds(1000, VOCAB)
    const all = retained(executable)
    const logits = await decode(executable, all, ids)
    const whole = executable.createMemory('f16')
    await decode(executable, whole, ids)
    for (const to of [999, 900, 700, 640, 512, 300, 1, 0]) {
      const memory = await whole.fork()
      const promised = reachableLength(memory.reach, to)
      expect(promised).toBeLessThanOrEqual(to)
      expect(memory.length).toBe(1000)
      expect(await memory.truncate(to)).toBe(promised)
      expect(memory.length).toBe(promised)
      const end = Math.min(1000, promised + 150)
      const again = await decode(executable, memory, ids.slice(promised, end))
      if (end > promised) expectSameBits(again, logits.slice(promised, end))
      memory.dispose()
    }
    // Truncating a few tokens is always possible.
    const memory = executable.createMemory('f16')
    for (const id of ids) {
      await decode(executable, memory, [id])
      const few = Math.max(0, memory.length - 100)
      expect(reachableLength(memory.reach, few)).toBe(few)
    }
  })

  it('are saved from the first position that is held without a gap, and restored', async () => {
    const executable = await load(windowedModel({ window }))
    const ids = someIds(900, VOCAB)
    const memory = executable.createMemory('f16')
    await prefill(executable, memory, ids.slice(0, 200))
    await decode(executable, memory, ids.slice(200, 900))
    const records = await memory.save()
    const [first, full, last] = records
    expect(full.first).toBe(0)
    expect(first.first).toBe(last.first)
    expect(first.first).toBeGreaterThan(0)
    expect(first.first).toBeLessThanOrEqual(900 - window + 1)
    const whole = { length: 900, promptEnd: 200 }
    const restored = executable.createMemory('f16')
    await restored.restore(records, whole)
    expect(restored.length).toBe(900)
    expect(restored.bytes).toBeLessThanOrEqual(memory.bytes)
    expect(await contentOf(restored)).toBe(await contentOf(memory))
    for (const to of [899, 850, 800, 700, 500, 200, 100]) {
      expect(reachableLength(restored.reach, to)).toBeLessThanOrEqual(reachableLength(memory.reach, to))
    }
    for (const each of [restored, memory]) each.hold()
    expectSameBits(
      await decode(executable, restored, ids.slice(0, 200)),
      await decode(executable, memory, ids.slice(0, 200)),
    )
    for (const each of [restored, memory]) expect(await each.truncate(900)).toBe(900)
    expectSameBits(await decode(executable, restored, [1, 2]), await decode(executable, memory, [1, 2]))
  })

  it('restored from a retained memory, keep only what they need, and continue with it', async () => {
    const executable = await load(windowedModel({ window }))
    const ids = someIds(900, VOCAB)
    const all = retained(executable)
    await prefill(executable, all, ids.slice(0, 500))
    await decode(executable, all, ids.slice(500))
    const whole = { length: 900, promptEnd: 500 }
    const restored = executable.createMemory('f16')
    await restored.restore(await all.save(), whole)
    expect(windowedPages(restored)).toBeLessThanOrEqual(2 * pagesOfEnd(window))
    expect([reachableLength(restored.reach, 900), reachableLength(restored.reach, 500)]).toEqual([900, 500])
    expectSameBits(await decode(executable, restored, [1, 2]), await decode(executable, all, [1, 2]))
    for (const each of [restored, all]) await each.truncate(500)
    expectSameBits(await decode(executable, restored, [3, 4]), await decode(executable, all, [3, 4]))
  })

  it.each([0, 3])(
    'shifted, with %d kept at the beginning, continue like those that retain all',
    async (keep) => {
      const executable = await load(windowedModel({ window }))
      const [memory, all] = [executable.createMemory('f16', { retain: keep }), retained(executable)]
      for (const each of [memory, all]) {
        await prefill(executable, each, someIds(500, VOCAB))
        await decode(executable, each, someIds(50, VOCAB, 1))
        await each.shift(keep, 270)
      }
      const next = someIds(300, VOCAB, 2)
      expectSameBits(await decode(executable, memory, next), await decode(executable, all, next))
      for (const each of [memory, all]) await each.shift(keep, 300)
      expectSameBits(await decode(executable, memory, next), await decode(executable, all, next))
      if (keep === 0) expect(windowedPages(memory)).toBeLessThanOrEqual(pagesOfEnd(window))
    },
  )

  it('reject records whose window is incomplete or begins within a page', async () => {
    const executable = await load(windowedModel({ window }))
    const memory = executable.createMemory('f16')
    await decode(executable, memory, someIds(900, VOCAB))
    const records = await memory.save()
    const whole = { length: 900 }
    const other = executable.createMemory('f16')
    const { first } = records[0]
    const rowBytes = records[0].bytes.length / 2 / (900 - first)
    /** Windowed layers from another position on; their bytes do not matter. */
    const from = (position: number) =>
      records.map((record, i) =>
        i === 1
          ? record
          : { ...record, first: position, bytes: new Uint8Array(2 * Math.max(0, 900 - position) * rowBytes) },
      )
    for (const position of [900 - window + 2, 899, 900, 901, first + 1, first - 1]) {
      if (position <= 900 - window + 1 && position % 128 === 0) continue
      const restoring = other.restore(from(position), whole)
      await expect(restoring, `from ${position}`).rejects.toMatchObject({ code: 'BAD_FORMAT' })
    }
    const mixed = records.map((record, i) => (i === 2 ? from(first - 128)[2] : record))
    await expect(other.restore(mixed, whole)).rejects.toMatchObject({ code: 'BAD_FORMAT' })
    expect([other.length, other.bytes]).toEqual([0, 0])
    await other.restore(records, whole)
    expect(other.length).toBe(900)
  })

  it('can be forked, and free their pages separately', async () => {
    const executable = await load(windowedModel({ window }))
    const ids = someIds(1500, VOCAB)
    const memory = executable.createMemory('f16')
    await decode(executable, memory, ids.slice(0, 400))
    const unshared = executable.bytesInUse
    const fork = await memory.fork()
    expect(executable.bytesInUse).toBe(unshared)
    await decode(executable, fork, ids.slice(400, 1000))
    const all = retained(executable)
    await decode(executable, all, ids.slice(0, 400))
    const allFork = await all.fork()
    await decode(executable, allFork, ids.slice(400, 1000))
    expectSameBits(await decode(executable, fork, [7, 8]), await decode(executable, allFork, [7, 8]))
    expectSameBits(await decode(executable, memory, [9, 8]), await decode(executable, all, [9, 8]))
    expect(reachableLength(memory.reach, 350)).toBe(350)
    // A fork also keeps the end of the prompt that it was made with.
    const prompted = executable.createMemory('f16')
    await prefill(executable, prompted, ids.slice(0, 300))
    const promptedFork = await prompted.fork()
    await decode(executable, promptedFork, ids.slice(300, 900))
    expect(reachableLength(promptedFork.reach, 300)).toBe(300)
    expect(windowedPages(fork)).toBeLessThanOrEqual(2 * pagesOfEnd(window))
  })
})

/** Actions on a memory. */
type Action =
  | { readonly kind: 'prefill' | 'decode'; readonly count: number }
  | { readonly kind: 'truncate'; readonly back: number }
  | { readonly kind: 'hold' | 'release' | 'fork' | 'leave' | 'restore' }

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('prefill' as const), count: fc.integer({ min: 1, max: 128 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('decode' as const), count: fc.integer({ min: 1, max: 60 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('truncate' as const), back: fc.integer({ min: 0, max: 500 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('hold', 'release', 'fork', 'leave', 'restore') }),
  },
) as fc.Arbitrary<Action>

describe.each([
  { window: 5, period: 2 },
  { window: 40, period: 3 },
  { window: 128, period: 2 },
  { window: 200, period: 9 },
])('a memory with windows of $window, after any actions', ({ window, period }) => {
  it('continues like one that frees nothing', async () => {
    const executable = await load(windowedModel({ window, period }))
    const unused = executable.bytesInUse
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 3, maxLength: 25, size: 'max' }), async (actions) => {
        let pair = { memory: executable.createMemory('f16'), all: retained(executable) }
        const left: (typeof pair)[] = []
        let held: number | undefined
        let promptEnd = 0
        let seed = 0
        for (const step of actions) {
          const { memory, all } = pair
          switch (step.kind) {
            case 'prefill':
            case 'decode': {
              const ids = someIds(step.count, VOCAB, ++seed)
              const actual = await append(executable, memory, ids, step.kind)
              expectSameBits(actual, await append(executable, all, ids, step.kind))
              if (step.kind === 'prefill') promptEnd = memory.length
              break
            }
            case 'truncate': {
              const to = Math.max(0, memory.length - step.back)
              const promised = reachableLength(memory.reach, to)
              expect(promised).toBeLessThanOrEqual(to)
              if (held !== undefined && held <= to) expect(promised).toBeGreaterThanOrEqual(held)
              if (promptEnd <= to) expect(promised).toBeGreaterThanOrEqual(promptEnd)
              expect(await memory.truncate(to)).toBe(promised)
              expect(await all.truncate(promised)).toBe(promised)
              promptEnd = Math.min(promptEnd, promised)
              if (held !== undefined && held > promised) held = undefined
              break
            }
            case 'hold':
              memory.hold()
              held = memory.length
              break
            case 'release':
              memory.release()
              held = undefined
              break
            case 'fork':
            case 'leave': {
              // Continues with the fork; the other one is compared at the end, or disposed.
              const fork = { memory: await memory.fork(), all: await all.fork() }
              if (step.kind === 'fork') left.push(pair)
              else for (const each of [memory, all]) each.dispose()
              pair = fork
              held = undefined
              break
            }
            case 'restore': {
              const restored = executable.createMemory('f16')
              await restored.restore(await memory.save(), { length: memory.length })
              memory.dispose()
              pair = { memory: restored, all }
              held = undefined
              // What was before a gap has not been saved.
              promptEnd = 0
              break
            }
          }
          expect(pair.memory.length).toBe(pair.all.length)
          const most = sequenceBytes(executable.memories, pair.memory.length, 'f16')
          expect(pair.memory.bytes).toBeLessThanOrEqual(most)
        }
        for (const { memory, all } of [...left, pair]) {
          const ids = someIds(3, VOCAB, 77)
          expectSameBits(await decode(executable, memory, ids), await decode(executable, all, ids))
          memory.dispose()
          all.dispose()
        }
        expect(executable.bytesInUse).toBe(unused)
      }),
      { numRuns: 30 },
    )
  })
})
