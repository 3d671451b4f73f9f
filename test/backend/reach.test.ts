import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Phase } from '../../src/backend/batch.js'
import { intersection, reachableLength, type Span } from '../../src/backend/memory.js'
import type { KvMemory } from '../../src/backend/wasm/kv-memory.js'
import { VOCAB } from '../model/small.js'
import { RecurrentExecutable } from '../support/recurrent-executable.js'
import type { Reach, RecurrentMemory } from '../support/recurrent-memory.js'
import { append, load, someIds } from './wasm/load.js'
import { windowedModel } from './wasm/windowed-family.js'

/** Ascending, disjoint spans. */
const spans: fc.Arbitrary<Span[]> = fc
  .array(fc.tuple(fc.integer({ min: 2, max: 9 }), fc.nat(8)))
  .map((gaps) => {
    let end = -2
    return gaps.map(([gap, length]) => {
      const from = end + gap
      end = from + length
      return [from, end] as const
    })
  })

function lengthsOf(reach: readonly Span[]): number[] {
  return reach.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i))
}

function expectSeparate(reach: readonly Span[]): void {
  for (const [i, [from, to]] of reach.entries()) {
    expect(to).toBeGreaterThanOrEqual(from)
    if (i > 0) expect(from).toBeGreaterThan(reach[i - 1][1] + 1)
  }
}

describe('spans of lengths', () => {
  it('have a longest length up to a given one', () => {
    fc.assert(
      fc.property(spans, fc.nat(60), (reach, to) => {
        const within = lengthsOf(reach).filter((length) => length <= to)
        expect(reachableLength(reach, to)).toBe(within.at(-1) ?? 0)
      }),
    )
  })

  it('intersect in the lengths that both contain', () => {
    fc.assert(
      fc.property(spans, spans, (a, b) => {
        const inB = new Set(lengthsOf(b))
        expect(lengthsOf(intersection(a, b))).toEqual(lengthsOf(a).filter((length) => inB.has(length)))
      }),
    )
  })
})

/** Actions on a memory: rows in a phase, a truncation, or a hold. */
type Step = { readonly phase: Phase; readonly count: number } | { readonly back: number } | 'hold' | 'release'

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      phase: fc.constantFrom<Phase>('prefill', 'decode'),
      count: fc.integer({ min: 1, max: 128 }),
    }),
    fc.record({ back: fc.nat(400) }),
    fc.constantFrom('hold' as const, 'release' as const),
  ),
  { minLength: 3, maxLength: 20, size: 'max' },
)

/** Applies steps to a memory of an executable. */
async function afterSteps(
  executable: Parameters<typeof append>[0],
  memory: KvMemory | RecurrentMemory,
  all: readonly Step[],
): Promise<void> {
  for (const each of all) {
    if (each === 'hold') memory.hold()
    else if (each === 'release') memory.release()
    else if ('back' in each) await memory.truncate(Math.max(0, memory.length - each.back))
    else await append(executable, memory, someIds(each.count, VOCAB), each.phase)
  }
}

describe('the lengths that a memory reaches', () => {
  it.each([2, 40, 128, 200])('with a window of %d are the lengths whose window is held', async (window) => {
    const executable = await load(windowedModel({ window, layers: 2, period: 2 }))
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const memory = executable.createMemory('f16') as KvMemory
        await afterSteps(executable, memory, all)
        const isReached = (length: number) =>
          memory.tables.every((table) => {
            const seen = Math.min(length, (table.group.window ?? Number.POSITIVE_INFINITY) - 1)
            for (let at = length - seen; at < length; at++) if (!table.has(Math.floor(at / 128))) return false
            return true
          })
        const reached = Array.from({ length: memory.length + 1 }, (_, length) => length).filter(isReached)
        expect(lengthsOf(memory.reach)).toEqual(reached)
        expectSeparate(memory.reach)
        memory.dispose()
        expect(memory.reach).toEqual([[0, 0]])
      }),
      { numRuns: 15 },
    )
  })

  it.each<Reach>(['recurrent', 'hybrid', 'window', 'kv'])(
    'of the double with %s layers has a state',
    async (reach) => {
      const executable = new RecurrentExecutable({ reach, vocab: VOCAB })
      await fc.assert(
        fc.asyncProperty(steps, fc.nat(1000), async (all, to) => {
          const memory = executable.createMemory('f16') as RecurrentMemory
          await afterSteps(executable, memory, all)
          expectSeparate(memory.reach)
          const lengths = lengthsOf(memory.reach)
          expect([lengths[0], lengths.at(-1)]).toEqual([0, memory.length])
          expect(memory.bytes).toBe((lengths.length - 1) * 64)
          const promised = reachableLength(memory.reach, to)
          expect(await memory.truncate(to)).toBe(promised)
          expect(memory.length).toBe(promised)
          expect(memory.state !== undefined).toBe(promised > 0)
          memory.dispose()
        }),
        { numRuns: 30 },
      )
    },
  )
})
