/**
 * Ids that every engine must draw: fixed logits, parameters and seeds, and what V8 drew. Plain data and functions, so
 * that any runtime can import it and compare.
 */
import type { createSampler, SamplingParams } from '../../src/sampling/index.js'

const VOCABULARY = 1000
const TURNS = 50

/** Logits of one position, from integers and one exact division: no engine can round them differently. */
export function goldenLogits(turn: number): Float32Array {
  let state = (turn + 1) * 0x9e3779b1
  return Float32Array.from({ length: VOCABULARY }, (_, id) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    const noise = ((state >>> 16) + (state & 0xffff)) / 16384
    // A few tokens are much more likely, some of them in every draw, so that penalties have an effect.
    const strength = id % 97 === turn % 7 ? 6 : id % 211 === 5 ? 7 : 0
    return noise + strength
  })
}

export interface GoldenCase {
  readonly name: string
  readonly params: SamplingParams
  readonly seed: number
  readonly ids: readonly number[]
}

/** The ids drawn by `case`: each is appended to the previous tokens of the next draw. */
export function drawGolden(create: typeof createSampler, { params, seed }: GoldenCase): number[] {
  const sampler = create(params, { seed, endOfGeneration: [5] })
  const ids: number[] = []
  for (let turn = 0; turn < TURNS; turn++) ids.push(sampler.pick(goldenLogits(turn), ids))
  return ids
}

export const GOLDEN: readonly GoldenCase[] = [
  {
    name: 'temperature',
    params: { temp: 0.8 },
    seed: 42,
    ids: [
      873, 389, 849, 197, 427, 684, 297, 427, 638, 972, 5, 877, 216, 264, 638, 777, 5, 638, 849, 199, 849,
      638, 971, 638, 427, 877, 568, 427, 970, 849, 681, 3, 5, 638, 6, 582, 777, 99, 973, 489, 427, 427, 873,
      971, 875, 638, 877, 587, 849, 291,
    ],
  },
  {
    name: 'all of dasLLAMA',
    params: {
      temp: 0.7,
      topK: 40,
      topP: 0.95,
      minP: 0.05,
      penalty: 1.1,
      presencePenalty: 0.2,
      frequencyPenalty: 0.1,
    },
    seed: 7,
    ids: [
      873, 874, 681, 5, 427, 490, 297, 427, 638, 972, 849, 877, 393, 216, 388, 292, 778, 682, 5, 878, 200,
      970, 971, 2, 197, 683, 781, 782, 970, 195, 972, 585, 780, 102, 491, 427, 777, 196, 100, 489, 490, 976,
      582, 583, 427, 638, 780, 849, 394, 97,
    ],
  },
  {
    name: 'typical, DRY, XTC',
    params: { temp: 1, typicalP: 0.9, dryMultiplier: 0.8, xtcProbability: 0.5, xtcThreshold: 0.05 },
    seed: 2 ** 40 + 1,
    ids: [
      194, 389, 849, 682, 216, 638, 976, 582, 5, 304, 5, 295, 427, 103, 291, 638, 99, 585, 683, 393, 5, 873,
      389, 638, 849, 5, 102, 849, 638, 777, 681, 100, 427, 296, 427, 216, 874, 5, 197, 489, 427, 976, 5, 874,
      427, 638, 259, 490, 394, 638,
    ],
  },
  {
    name: 'dynamic temperature, top-nσ, constraints, another order',
    params: {
      temp: 0.9,
      dynatempRange: 0.5,
      dynatempExponent: 0.7,
      topNSigma: 2.5,
      penalty: 1.3,
      minTokens: 30,
      bannedIds: [216],
      logitBias: { 427: 1.5, 638: -2 },
      samplers: ['temperature', 'penalties', 'topNSigma'],
    },
    seed: 0,
    ids: [
      849, 427, 875, 197, 295, 638, 588, 427, 195, 972, 488, 877, 296, 491, 388, 292, 584, 876, 683, 199, 879,
      970, 971, 196, 427, 780, 102, 427, 970, 486, 681, 3, 198, 781, 103, 5, 777, 99, 100, 392, 490, 394, 873,
      680, 293, 427, 974, 393, 685, 849,
    ],
  },
  {
    name: 'mirostat 2',
    params: { temp: 1.1, mirostatTau: 3, mirostatEta: 0.2, penalty: 1.2 },
    seed: 123456789,
    ids: [
      97, 389, 849, 488, 295, 684, 297, 216, 638, 972, 5, 877, 296, 427, 388, 1, 5, 427, 5, 975, 200, 427,
      638, 2, 197, 780, 102, 782, 776, 292, 972, 585, 586, 638, 885, 194, 777, 99, 100, 392, 427, 879, 873,
      583, 390, 197, 780, 199, 976, 5,
    ],
  },
]
