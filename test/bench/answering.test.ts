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
    loadBatched: async (_, { sequences }) => {
      const last = new Float32Array(sequences)
      return {
        reset: async () => void calls.push('reset'),
        async decode(ids) {
          calls.push(`decode ${ids}`)
          last.set(ids)
        },
        logits: (sequence) => last.subarray(sequence, sequence + 1),
      }
    },
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

it('decodes several sequences step by step, starting empty', async () => {
  const { contestant, calls } = recorder()
  const answer = answering(contestant, { runtime: 'here' })
  const steps = [
    [1, 2],
    [3, 4],
  ]
  expect(await answer({ do: 'timeBatched', steps })).toEqual({
    error: 'no model has been loaded for several sequences',
  })
  await answer({ do: 'loadBatched', source: '', options: { contextLength: 16, threads: 1, sequences: 2 } })
  expect(await answer({ do: 'timeBatched', steps })).toEqual({ value: expect.any(Number) })
  expect(calls.join('; ')).toBe('reset; decode 1,2; decode 3,4')
})

it('computes a digest of all logits of a sequence', async () => {
  const answer = answering(recorder().contestant, { runtime: 'here' })
  await answer({ do: 'loadBatched', source: '', options: { contextLength: 16, threads: 1, sequences: 3 } })
  const digest = async (...steps: number[][]) => {
    const reply = (await answer({ do: 'digest', steps })) as { value: string[] }
    return reply.value
  }
  const [a, b, c] = await digest([1, 2, 1], [3, 3, 4])
  expect(a).toMatch(/^[0-9a-f]{64}$/)
  expect(new Set([a, b, c]).size).toBe(3)
  expect(await digest([1], [3])).toEqual([a])
})

it('answers with the error if something fails', async () => {
  const answer = answering(recorder().contestant, { runtime: 'here' })
  expect(await answer({ do: 'memory' })).toEqual({ error: 'no model has been loaded' })
})
