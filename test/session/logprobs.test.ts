import { beforeAll, describe, expect, it } from 'vitest'
import type { GenerateOptions, Logprobs, Model } from '../../src/index.js'
import { VOCAB } from '../model/small.js'
import { collect, idsOf, loadSmall } from './collect.js'

let model: Model
beforeAll(async () => {
  model = await loadSmall()
})

const PROMPT = 'how likely is this'
const HOT: GenerateOptions = { temp: 0.7, topK: 12, penalty: 1.3, maxTokens: 12 }

const mass = ({ top }: Logprobs) => top.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0)

describe('log-probabilities', () => {
  it('before the chain are the softmax of the logits', async () => {
    using session = model.createSession({ seed: 1 })
    using other = model.createSession()
    await other.eval(model.encode(PROMPT))
    const generation = session.generate(PROMPT, { ...HOT, logprobs: VOCAB })
    for (const { id, logprobs } of await collect(generation)) {
      const logits = Float64Array.from(other.logits())
      const largest = Math.max(...logits)
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0)
      const expected = (token: number) => logits[token] - largest - Math.log(total)
      const { before } = logprobs!
      expect(before.logprob).toBeCloseTo(expected(id), 10)
      expect(before.top).toHaveLength(VOCAB)
      for (const { id: token, logprob } of before.top) expect(logprob).toBeCloseTo(expected(token), 10)
      expect(mass(before)).toBeCloseTo(1, 10)
      await other.eval([id])
    }
  })

  it('after the chain are what the token was drawn from', async () => {
    using session = model.createSession({ seed: 1 })
    for (const { id, logprobs } of await collect(session.generate(PROMPT, { ...HOT, logprobs: 20 }))) {
      const { before, after } = logprobs!
      expect(before.top).toHaveLength(20)
      expect(after.top).toHaveLength(12)
      expect(mass(after)).toBeCloseTo(1, 10)
      expect(after.logprob).toBe(after.top.find((other) => other.id === id)?.logprob)
      for (const { top } of [before, after]) {
        expect(top.map(({ logprob }) => logprob)).toEqual(
          top.map(({ logprob }) => logprob).sort((a, b) => b - a),
        )
      }
    }
  })

  it.each([
    ['0: only of the token', 0],
    ['3', 3],
  ])('%s', async (_, logprobs) => {
    using session = model.createSession({ seed: 1 })
    for (const token of await collect(session.generate(PROMPT, { ...HOT, logprobs }))) {
      expect(token.logprobs?.before.top).toHaveLength(logprobs)
      expect(token.logprobs?.before.logprob).toBeLessThan(0)
    }
  })

  it('are not there unless asked for, and change no token', async () => {
    const run = async (options: GenerateOptions) => {
      using session = model.createSession({ seed: 1 })
      return await collect(session.generate(PROMPT, options))
    }
    const plain = await run(HOT)
    for (const token of plain) expect(Object.keys(token)).toEqual(['id', 'piece'])
    const asked = await run({ ...HOT, logprobs: 5 })
    expect(asked.map(({ id }) => id)).toEqual(plain.map(({ id }) => id))
  })

  it('stay with their tokens when these are held back', async () => {
    const run = async (options: GenerateOptions) => {
      using session = model.createSession({ seed: 1 })
      return await collect(session.generate(PROMPT, { ...HOT, logprobs: 2, ...options }))
    }
    const plain = await run({})
    const text = plain.map(({ piece }) => piece).join('')
    expect(await run({ stop: `${text.slice(2, 40)}\u0000` })).toEqual(plain)
  })

  it('of a greedy choice: the token itself is the likeliest', async () => {
    using session = model.createSession()
    const generation = session.generate(PROMPT, { maxTokens: 5, logprobs: 1 })
    for (const { id, logprobs } of await collect(generation)) expect(logprobs?.before.top[0].id).toBe(id)
    expect(await idsOf(session.generate(PROMPT, { maxTokens: 5 }))).toEqual(generation.ids)
  })
})
