import { describe, expect, it } from 'vitest'
import { differingFrom, stepsFor } from '../../bench/batch/measure.js'
import { takeBatchTurns } from '../../bench/batch/turns.js'
import type { Request } from '../../bench/hosts/protocol.js'
import type { Player } from '../../bench/turns.js'

const STEPS = [
  [1, 1, 1, 1],
  [5, 6, 7, 8],
  [9, 10, 11, 12],
]
const WORK = { sequences: [1, 4], steps: STEPS }
const TURNS = { repetitions: 2, budgetMs: 1e9, warmUpMs: 0 }

/** Players whose requests are noted, as name, number of steps and number of sequences. */
function players(names: string, ms: (turn: number, name: string) => number) {
  const order: string[] = []
  const list = Array.from(
    names,
    (name): Player => ({
      name,
      link: {
        async ask(request: Request) {
          const { steps } = request as Extract<Request, { do: 'timeBatched' }>
          order.push(`${name}${steps.length}x${steps[0].length}`)
          return ms(order.length, name) as never
        },
      },
    }),
  )
  return { list, order }
}

const never = (name: string, error: Error) => {
  throw new Error(name, { cause: error })
}

describe('turns of sequences decoded together', () => {
  it('alternate between players and numbers of sequences after a warm-up of each', async () => {
    const { list, order } = players('ab', (turn) => turn)
    const tests = await takeBatchTurns(WORK, list, TURNS, never)
    expect(order.join(' ')).toBe('a2x1 b2x1 a2x4 b2x4 a3x1 b3x1 a3x4 b3x4 a3x1 b3x1 a3x4 b3x4')
    expect(tests).toEqual([
      { test: 'tg3x1', tokens: 3, contestant: 'a', samples: [5, 9] },
      { test: 'tg3x1', tokens: 3, contestant: 'b', samples: [6, 10] },
      { test: 'tg3x4', tokens: 12, contestant: 'a', samples: [7, 11] },
      { test: 'tg3x4', tokens: 12, contestant: 'b', samples: [8, 12] },
    ])
  })

  it('end for one number of sequences where the next would exceed the budget', async () => {
    const { list } = players('ab', (_, name) => (name === 'a' ? 60 : 40))
    const tests = await takeBatchTurns(WORK, list, { ...TURNS, repetitions: 4, budgetMs: 100 }, never)
    expect(tests.map(({ samples }) => samples)).toEqual([[60], [40, 40], [60], [40, 40]])
  })

  it('continue without a player that fails, and drop its results', async () => {
    const failures: string[] = []
    const { list, order } = players('ab', (turn, name) => {
      if (name === 'a' && turn === 7) throw new Error('lost')
      return turn
    })
    const tests = await takeBatchTurns(WORK, list, TURNS, (name, { message }) => {
      failures.push(`${name}: ${message}`)
    })
    expect(failures).toEqual(['a: lost'])
    expect(order.slice(6).join(' ')).toBe('a3x4 b3x4 b3x1 b3x4')
    expect(tests.map(({ contestant }) => contestant)).toEqual(['b', 'b'])
  })
})

it('gives each sequence its own ids after the first one', () => {
  const steps = stepsFor(3, 4, { vocabSize: 1000, bosId: 1 })
  expect(steps.map(({ length }) => length)).toEqual([4, 4, 4])
  expect(steps[0]).toEqual([1, 1, 1, 1])
  expect(new Set(steps.slice(1).flat()).size).toBe(8)
})

describe('logits of sequences decoded together', () => {
  /** Digests are the ids that a sequence got; `wrong` alters them. */
  const link = (wrong: (digests: string[]) => string[]) => ({
    async ask(request: Request) {
      const { steps } = request as Extract<Request, { do: 'digest' }>
      return wrong(steps[0].map((_, i) => steps.map((ids) => ids[i]).join())) as never
    },
  })

  it('are compared with those of each sequence alone', async () => {
    expect(
      await differingFrom(
        link((digests) => digests),
        WORK,
      ),
    ).toEqual([])
    const last = (digests: string[]) => digests.map((digest, i) => (i === 3 ? 'x' : digest))
    expect(await differingFrom(link(last), WORK)).toEqual([4])
    expect(
      await differingFrom(
        link((digests) => digests.slice(0, 3)),
        WORK,
      ),
    ).toEqual([4])
  })

  it('are not compared for a contestant that does not show them', async () => {
    expect(
      await differingFrom(
        link(() => []),
        WORK,
      ),
    ).toBeUndefined()
  })
})
