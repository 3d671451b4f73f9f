import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { CandidateSet } from '../../src/sampling/candidate-set.js'
import { listChain } from '../../src/sampling/chain.js'
import {
  createSampler,
  Rng,
  type SamplingParams,
  STEP_NAMES,
  type StepName,
} from '../../src/sampling/index.js'
import { type ResolvedSampling, resolveSampling } from '../../src/sampling/params.js'
import { KNOBS } from './knobs.js'
import { admit, type Judged, mirostat, REFERENCES, softmax, type Token } from './reference.js'
import { histories, MODERATE, makeLogits, recipes } from './vocabularies.js'

const SEED = 20261123
/** Sums of doubles in another order differ by far less. */
const HAIR = 1e-9
const LARGEST = 3.4028234663852886e38

/** A row of the table printed at the end. */
interface Row {
  readonly step: string
  readonly reference: string
  cases: number
  tokens: number
  leftOut: number
  /** Tokens of which rounding may decide. */
  unclear: number
}

const table: Row[] = []

function newRow(step: string, reference: string): Row {
  const row = { step, reference, cases: 0, tokens: 0, leftOut: 0, unclear: 0 }
  table.push(row)
  return row
}

/** The candidates with their temperature applied. */
function stateOf(candidates: CandidateSet): Token[] {
  const { ids, logits, size, temperature } = candidates
  return Array.from({ length: size }, (_, i) => ({ id: ids[i], logit: logits[i] / temperature }))
}

/** Compares what a step left with what it was to leave. */
function expectAsJudged(
  before: readonly Token[],
  judged: readonly Judged[],
  after: readonly Token[],
  row: Row,
) {
  const left = new Map(after.map(({ id, logit }) => [id, logit]))
  for (const [i, { id, logit, verdict }] of judged.entries()) {
    const found = left.get(id)
    left.delete(id)
    if (verdict === 'in' && found === undefined) expect.fail(`token ${id} is missing`)
    if (verdict === 'out' && found !== undefined) expect.fail(`token ${id} stayed`)
    if (verdict === 'either') row.unclear++
    if (found === undefined) row.leftOut++
    else {
      const tolerance = 1e-6 * (1 + Math.abs(before[i].logit) + Math.abs(logit))
      const capped = Math.max(-LARGEST, Math.min(logit, LARGEST))
      if (!(Math.abs(found - logit) <= tolerance || Math.abs(found - capped) <= tolerance)) {
        expect.fail(`token ${id} has the logit ${found}, not ${capped}`)
      }
    }
  }
  if (left.size > 0) expect.fail(`tokens ${[...left.keys()]} came from nowhere`)
  const ids = after.map(({ id }) => id)
  expect(ids).toEqual([...ids].sort((a, b) => a - b))
  row.cases++
  row.tokens += judged.length
}

/** Runs one step on candidates and its reference on the same, and compares. */
function runBoth(
  name: StepName,
  candidates: CandidateSet,
  params: ResolvedSampling,
  recent: readonly number[],
  seed: number,
  row: Row,
) {
  const before = stateOf(candidates)
  const entry = listChain({ ...params, samplers: [name] }, new Set()).at(-1)
  entry?.run?.(candidates, { previousTokens: recent, rng: new Rng(seed) })
  const uniform = new Rng(seed).nextUniform()
  const judged = REFERENCES[name].judge(before, { params, recent, uniform, hair: HAIR })
  expectAsJudged(before, judged, stateOf(candidates), row)
}

describe('each step alone matches its reference', () => {
  // Shared by all runs: no state may leak from one token to the next.
  const candidates = new CandidateSet()

  const steps = STEP_NAMES.map((name) => ({ name, row: newRow(name, REFERENCES[name].source) }))

  it.each(steps)('$name', ({ name, row }) => {
    fc.assert(
      fc.property(recipes(), KNOBS[name], histories, fc.nat(), (recipe, params, recent, seed) => {
        const logits = makeLogits(recipe)
        candidates.reset(logits)
        expect(stateOf(candidates)).toEqual(admit(logits))
        if (candidates.size === 0) return
        runBoth(name, candidates, resolveSampling({ temp: 1, ...params }), recent, seed, row)
        candidates.reset(logits)
        expect(stateOf(candidates)).toEqual(admit(logits))
      }),
      { numRuns: 1500, seed: SEED },
    )
    if (!['penalties', 'dry', 'temperature'].includes(name))
      expect(row.leftOut).toBeGreaterThan(row.tokens / 100)
    expect(row.unclear).toBeLessThan(row.tokens / 20)
  })

  it.each(steps)('$name, over 50,000 tokens', ({ name, row }) => {
    const sizes = fc.constantFrom(49_999, 50_000, 50_003)
    fc.assert(
      fc.property(
        recipes(undefined, sizes),
        KNOBS[name],
        histories,
        fc.nat(),
        (recipe, params, recent, seed) => {
          candidates.reset(makeLogits(recipe))
          if (candidates.size === 0) return
          runBoth(name, candidates, resolveSampling({ temp: 1, ...params }), recent, seed, row)
        },
      ),
      { numRuns: 8, seed: SEED },
    )
  })
})

/** Every step's parameters, each left off now and then. */
const everyKnob: fc.Arbitrary<SamplingParams> = fc
  .tuple(...STEP_NAMES.map((name) => fc.option(KNOBS[name], { nil: {}, freq: 2 })))
  .map((parts) => ({ temp: 1, ...Object.assign({}, ...parts) }))

const orders: fc.Arbitrary<StepName[]> = fc.shuffledSubarray([...STEP_NAMES])

describe('chains in any order', () => {
  const row = newRow('chains, step by step', 'the above, each step from where the one before it stopped')

  it('match the references step by step and as a whole', () => {
    const candidates = new CandidateSet()
    const whole = new CandidateSet()
    fc.assert(
      fc.property(recipes(), everyKnob, orders, histories, fc.nat(), (recipe, knobs, order, recent, seed) => {
        const params = resolveSampling({ ...knobs, samplers: order })
        candidates.reset(makeLogits(recipe))
        if (candidates.size === 0) return
        for (const name of order) runBoth(name, candidates, params, recent, seed, row)
        whole.reset(makeLogits(recipe))
        for (const { run } of listChain(params, new Set()))
          run?.(whole, { previousTokens: recent, rng: new Rng(seed) })
        expect(stateOf(whole)).toEqual(stateOf(candidates))
      }),
      { numRuns: 1500, seed: SEED },
    )
  })

  const picks = newRow(
    'chains, to the token drawn',
    'the above in f64 from end to end; draw by the cumulative sum',
  )

  it('draw the token that the references draw', () => {
    let different = 0
    fc.assert(
      fc.property(
        recipes(MODERATE),
        everyKnob,
        orders,
        histories,
        fc.nat(),
        (recipe, knobs, order, recent, seed) => {
          const params = resolveSampling({ ...knobs, samplers: order })
          const logits = makeLogits(recipe)
          let tokens: Token[] = admit(logits)
          if (tokens.length === 0) return
          const rng = new Rng(seed)
          for (const name of order) {
            const draws = name === 'xtc' && params.xtcProbability > 0 && params.xtcThreshold <= 0.5
            // Cases in which f32 rounding may decide are skipped.
            const scene = { params, recent, uniform: draws ? rng.nextUniform() : 0, hair: 1e-5 }
            const judged = REFERENCES[name].judge(tokens, scene)
            if (judged.some(({ verdict }) => verdict === 'either')) {
              picks.unclear++
              return
            }
            tokens = judged.filter(({ verdict }) => verdict === 'in')
          }
          const sampler = createSampler(params, { seed })
          const id = sampler.pick(logits, recent)
          const probabilities = softmax(tokens)
          let left = rng.nextUniform()
          const drawn = tokens.findIndex((_, i) => {
            left -= probabilities[i]
            return left < 0
          })
          if (tokens[drawn]?.id !== id) different++
          const { top } = sampler.logprobs(logits.length)
          expect(top.length).toBe(tokens.length)
          const known = new Map(tokens.map((token, i) => [token.id, probabilities[i]]))
          for (const { id, logprob } of top) {
            expect(Math.abs(Math.exp(logprob) - known.get(id)!)).toBeLessThan(2e-5)
          }
          picks.cases++
          picks.tokens += tokens.length
        },
      ),
      { numRuns: 1500, seed: SEED },
    )
    // A uniform number that falls within f32's rounding of a boundary.
    expect(different).toBeLessThan(3)
    expect(picks.cases).toBeGreaterThan(900)
  })
})

describe('mirostat 2', () => {
  const row = newRow('mirostat 2', 'Basu et al. 2020, algorithm 2, 20 tokens at a time')

  it('drops surprising tokens and updates its limit as in the paper', () => {
    const number = (min: number, max: number) => fc.double({ min, max, noNaN: true })
    fc.assert(
      fc.property(
        recipes(MODERATE),
        number(0.1, 8),
        number(0, 1),
        number(0.3, 2),
        fc.nat(),
        (recipe, mirostatTau, mirostatEta, temp, seed) => {
          const logits = makeLogits(recipe)
          const admitted = admit(logits)
          if (admitted.length === 0) return
          const tokens = admitted.map(({ id, logit }) => ({ id, logit: logit / temp }))
          const sampler = createSampler({ temp, mirostatTau, mirostatEta }, { seed })
          let mu = 2 * mirostatTau
          for (let turn = 0; turn < 20; turn++) {
            const judged = mirostat(tokens, mu, 1e-6)
            const id = sampler.pick(logits)
            const kept = new Set(sampler.logprobs(logits.length).top.map((token) => token.id))
            for (const { id, verdict } of judged) {
              if (verdict === 'in' && !kept.has(id)) expect.fail(`token ${id} is missing`)
              if (verdict === 'out' && kept.has(id)) expect.fail(`token ${id} stayed`)
              if (verdict === 'either') row.unclear++
            }
            const rest = tokens.filter((token) => kept.has(token.id))
            const p = softmax(rest)[rest.findIndex((token) => token.id === id)]
            mu -= mirostatEta * (-Math.log2(p) - mirostatTau)
            row.cases++
            row.tokens += tokens.length
            row.leftOut += tokens.length - rest.length
          }
        },
      ),
      { numRuns: 200, seed: SEED },
    )
    expect(row.leftOut).toBeGreaterThan(row.tokens / 10)
    expect(row.unclear).toBeLessThan(row.tokens / 20)
  })
})

afterAll(() => {
  const lines = table.map(
    ({ step, reference, cases, tokens }) =>
      `${step.padEnd(27)} ${reference.padEnd(64)} ${cases.toLocaleString('en').padStart(7)} ${tokens.toLocaleString('en').padStart(11)}`,
  )
  const head = `${'step'.padEnd(27)} ${'checked against'.padEnd(64)} ${'cases'.padStart(7)} ${'tokens'.padStart(11)}`
  console.log([head, ...lines].join('\n'))
})
