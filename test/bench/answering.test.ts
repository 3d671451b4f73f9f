import { expect, it } from 'vitest'
import type { Contestant } from '../../bench/contestants/contestant.js'
import { answering } from '../../bench/hosts/answering.js'

/** Records the calls on its sequence. */
function recorder(): { contestant: Contestant; calls: string[] } {
  const calls: string[] = []
  const contestant: Contestant = {
    describe: async () => ({}),
    load: async () => ({
      rewind: async (length) => void calls.push(`rewind ${length}`),
      prefill: async (ids) => void calls.push(`prefill ${ids}`),
      decode: async (ids) => void calls.push(`decode ${ids}`),
    }),
  }
  return { contestant, calls }
}

it('evaluates the ids before the work once, and continues from cached ones', async () => {
  const { contestant, calls } = recorder()
  const answer = answering(contestant, { runtime: 'here' })
  await answer({ do: 'load', source: '', options: { contextLength: 16, threads: 1 } })
  const time = async (before: number[]) => {
    calls.length = 0
    expect(await answer({ do: 'time', kind: 'tg', ids: [9], before })).toEqual({ value: expect.any(Number) })
    return calls.join('; ')
  }
  expect(await time([])).toBe('rewind 0; decode 9')
  expect(await time([1, 2])).toBe('rewind 0; prefill 1,2; decode 9')
  expect(await time([1, 2])).toBe('rewind 2; decode 9')
  expect(await time([1, 2, 3, 4])).toBe('rewind 2; prefill 3,4; decode 9')
  expect(await time([1, 3])).toBe('rewind 0; prefill 1,3; decode 9')
  expect(await time([])).toBe('rewind 0; decode 9')
})

it('answers with the error if something fails', async () => {
  const answer = answering(recorder().contestant, { runtime: 'here' })
  expect(await answer({ do: 'memory' })).toEqual({ error: 'no model has been loaded' })
})
