import { expect, it } from 'vitest'
import { type Player, takeTurns } from '../../bench/turns.js'

it('measures in turns and does not count the first ones', async () => {
  const order: string[] = []
  const player = (name: string): Player => ({
    name,
    remote: {
      async ask(request) {
        expect(request).toEqual({ do: 'time', kind: 'tg', ids: [1, 5] })
        order.push(name)
        return order.length as never
      },
    },
  })
  const tests = await takeTurns({ kind: 'tg', tokens: 2 }, [1, 5], [player('a'), player('b')], 2)
  expect(order.join('')).toBe('ababab')
  expect(tests).toEqual([
    { test: 'tg2', tokens: 2, contestant: 'a', samples: [3, 5] },
    { test: 'tg2', tokens: 2, contestant: 'b', samples: [4, 6] },
  ])
})
