import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Model, SamplingParams, Session, Speculation } from '../../../src/index.js'
import { GenerationSteps } from '../../../src/session/generation-steps.js'
import { fixCosts, IDS, load, loadWithHead, wrongAtTimes } from './drafting.js'

const PROMPT = [...IDS.slice(0, 12), ...IDS.slice(0, 8)]
const TEXTS = 500
const LENGTH = 3

const SAMPLINGS: Record<string, SamplingParams> = {
  'temperature and top-k': { temp: 0.9, topK: 4 },
  'penalties and min-p': { temp: 0.9, penalty: 1.2, presencePenalty: 0.2, minP: 0.02, topK: 6 },
}

beforeEach(() => fixCosts())
afterEach(() => void vi.restoreAllMocks())

interface Sampled {
  readonly id: number
  readonly ids: readonly number[]
  /** The probabilities that the sampling chain gave to each token, this one's included. */
  readonly probabilities: ReadonlyMap<number, number>
}

/** The tokens of many texts from the same prompt, each with another seed. */
async function sample(session: Session, options: SamplingParams & { speculation?: Speculation }) {
  const tokens: Sampled[] = []
  let accepted = 0
  for (let seed = 0; seed < TEXTS; seed++) {
    session.setSeed(seed)
    const generation = session.generate(PROMPT, {
      ...options,
      maxTokens: LENGTH,
      ignoreEos: true,
      logprobs: 6,
    })
    const ids: number[] = []
    for await (const { id, logprobs } of generation) {
      const top = logprobs!.after.top.map(({ id, logprob }) => [id, Math.exp(logprob)] as const)
      tokens.push({ id, ids: [...ids], probabilities: new Map(top) })
      ids.push(id)
    }
    accepted += session.stats().nAccepted
  }
  return { tokens, accepted }
}

/**
 * Pearson's statistic of the tokens after each text that is frequent enough, in standard deviations from what the
 * probabilities without speculation let expect.
 */
function deviation(
  tokens: readonly Sampled[],
  expected: ReadonlyMap<string, Sampled['probabilities']>,
): number {
  const counts = new Map<string, Map<number, number>>()
  for (const { id, ids } of tokens) {
    const of = counts.get(ids.join()) ?? new Map<number, number>()
    counts.set(ids.join(), of.set(id, (of.get(id) ?? 0) + 1))
  }
  let [statistic, freedom] = [0, 0]
  for (const [text, observed] of counts) {
    const total = [...observed.values()].reduce((sum, count) => sum + count)
    const probabilities = expected.get(text)
    if (total < 100 || !probabilities) continue
    for (const id of observed.keys()) expect(probabilities.has(id)).toBe(true)
    const common = [...probabilities].filter(([, probability]) => probability * total >= 5)
    for (const [id, probability] of common) {
      const mean = probability * total
      statistic += ((observed.get(id) ?? 0) - mean) ** 2 / mean
    }
    freedom += common.length - 1
  }
  expect(freedom).toBeGreaterThan(2)
  return (statistic - freedom) / Math.sqrt(2 * freedom)
}

const WAYS: Record<string, { load(): Promise<Model>; speculation(model: Model): Speculation }> = {
  'a draft model': {
    load: () => load(),
    speculation: (model) => ({ draft: wrongAtTimes(model, 5) }),
  },
  'its own head': { load: () => loadWithHead(), speculation: () => 'mtp' },
}

describe.each(Object.entries(WAYS))('texts of a model with %s', (_, way) => {
  it.each(Object.entries(SAMPLINGS))('and %s have the distribution of those without', async (_, sampling) => {
    await using model = await way.load()
    await using session = model.createSession()
    const plain = await sample(session, sampling)
    const expected = new Map(plain.tokens.map(({ ids, probabilities }) => [ids.join(), probabilities]))
    const options = { ...sampling, speculation: way.speculation(model) }

    const { tokens, accepted } = await sample(session, options)
    expect(accepted).toBeGreaterThan(50)
    expect(tokens).toEqual(plain.tokens)
    expect(deviation(tokens, expected)).toBeLessThan(4)

    // A rule that accepts what is merely likely, as a check of the check.
    const choose = GenerationSteps.prototype.choose
    vi.spyOn(GenerationSteps.prototype, 'choose').mockImplementation(function (
      this: GenerationSteps,
      allowed,
    ) {
      const id = choose.call(this, allowed)
      const [likeliest] = this.logprobs(id, 1).after.top
      return likeliest.logprob > Math.log(0.3) ? likeliest.id : id
    })
    expect(deviation((await sample(session, options)).tokens, expected)).toBeGreaterThan(10)
  })
})
