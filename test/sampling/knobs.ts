/** Parameters of each step, as fast-check arbitraries: off, ordinary and at the ends of their ranges. */
import fc from 'fast-check'
import type { SamplingParams, StepName } from '../../src/sampling/index.js'

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const share = fc.oneof(number(0, 1), fc.constantFrom(0, 0.5, 0.9, 0.95, 0.999999, 1, 2))
const lastN = fc.oneof(fc.nat({ max: 100 }), fc.constantFrom(0, 1, 64, 1_000_000))

export const KNOBS: Readonly<Record<StepName, fc.Arbitrary<SamplingParams>>> = {
  penalties: fc.record({
    penalty: fc.oneof(number(0.2, 3), fc.constantFrom(-1, 0, 1)),
    presencePenalty: fc.oneof(number(-2, 2), fc.constant(0)),
    frequencyPenalty: fc.oneof(number(-2, 2), fc.constant(0)),
    penaltyLastN: lastN,
  }),
  dry: fc.record({
    dryMultiplier: fc.oneof(number(0, 2), fc.constantFrom(-1, 0.8)),
    dryBase: fc.oneof(number(1, 3), fc.constant(1.75)),
    dryAllowedLength: fc.integer({ min: 1, max: 4 }),
    dryPenaltyLastN: lastN,
    dryBreakers: fc.array(fc.nat({ max: 40 }), { maxLength: 3 }),
  }),
  topNSigma: fc.record({ topNSigma: fc.oneof(number(0, 4), fc.constantFrom(-1, 1)) }),
  temperature: fc.record({
    temp: number(0.05, 5),
    dynatempRange: fc.oneof(number(0, 5), fc.constant(0)),
    dynatempExponent: fc.oneof(number(0, 3), fc.constant(1)),
  }),
  topK: fc.record({ topK: fc.integer({ min: -1, max: 320 }) }),
  typicalP: fc.record({ typicalP: share }),
  topP: fc.record({ topP: share }),
  minP: fc.record({ minP: fc.oneof(number(-0.1, 1), fc.constantFrom(0, 0.05, 1, 1e-300)) }),
  xtc: fc.record({
    xtcProbability: fc.constantFrom(0, 0.5, 1),
    xtcThreshold: fc.oneof(number(0, 0.6), fc.constantFrom(0, 0.1, 0.5)),
  }),
}
