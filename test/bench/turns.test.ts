import { expect, it } from 'vitest'
import { type Player, takeTurns } from '../../bench/turns.js'

const WORKLOAD = { kind: 'tg', tokens: 20, depth: 0 } as const
const WORK = { before: [], ids: Array.from({ length: 20 }, (_, i) => i) }
const TURNS = { repetitions: 2, budgetMs: 1e9, warmUpMs: 0 }

/** Players whose turns are recorded: capitals if the work was complete. */
function players(names: string, ms: (turn: number, name: string) => number) {
  const order: string[] = []
  const list = Array.from(
    names,
    (name): Player => ({
      name,
      link: {
        async ask(request) {
          const { ids } = request as { ids: readonly number[] }
          order.push(ids.length === 20 ? name.toUpperCase() : name)
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

it('warms up, then measures alternately', async () => {
  const { list, order } = players('ab', (turn) => turn)
  const tests = await takeTurns(WORKLOAD, WORK, list, TURNS, never)
  expect(order.join('')).toBe('abABAB')
  expect(tests).toEqual([
    { test: 'tg20', tokens: 20, contestant: 'a', samples: [3, 5] },
    { test: 'tg20', tokens: 20, contestant: 'b', samples: [4, 6] },
  ])
})

it('measures a player at least once, and not beyond its budget', async () => {
  const { list, order } = players('ab', (_, name) => (name === 'a' ? 60 : 40))
  const turns = { ...TURNS, repetitions: 4, budgetMs: 100 }
  const [a, b] = await takeTurns(WORKLOAD, WORK, list, turns, never)
  expect(order.join('')).toBe('abABB')
  expect([a.samples, b.samples]).toEqual([[60], [40, 40]])
})

it('gives a slow player the beginning of the work', async () => {
  const ids = Array.from({ length: 100 }, (_, i) => i)
  const asked: Record<string, number[]> = { a: [], b: [], c: [] }
  // Milliseconds per token: 1, 2 and 20.
  const pace: Record<string, number> = { a: 1, b: 2, c: 20 }
  const list = Object.keys(pace).map(
    (name): Player => ({
      name,
      link: {
        async ask(request) {
          const { length } = (request as { ids: readonly number[] }).ids
          asked[name].push(length)
          return (length * pace[name]) as never
        },
      },
    }),
  )
  const tests = await takeTurns(WORKLOAD, { before: [], ids }, list, { ...TURNS, budgetMs: 100 }, never)
  expect(asked).toEqual({ a: [16, 100], b: [16, 48], c: [16, 16] })
  expect(tests.map(({ tokens, samples }) => [tokens, samples])).toEqual([
    [100, [100]],
    [48, [96]],
    [16, [320]],
  ])
})

it('continues without a player that fails, and drops its samples', async () => {
  const failures: string[] = []
  const { list } = players('ab', (turn, name) => {
    if (name === 'a' && turn > 3) throw new Error('lost')
    return turn
  })
  const tests = await takeTurns(WORKLOAD, WORK, list, TURNS, (name, { message }) => {
    failures.push(`${name}: ${message}`)
  })
  expect(failures).toEqual(['a: lost'])
  expect(tests.map(({ contestant }) => contestant)).toEqual(['b'])
})
