/** The cost of the sampler chain per token, by vocabulary and parameters. */
import { type Candidates, createSampler, Rng, type SamplingParams } from '../../src/sampling/index.js'

/** Vocabulary sizes of Llama 2, SmolLM2 and Qwen 2. */
export const VOCABULARIES = [32_000, 49_152, 151_936]

/** The number of positions whose logits are used in rotation, so that branch predictors and caches cannot memorise one. */
const POSITIONS = 12
const WARM_UP = 60
const PICKS = 120

/** Previous tokens: a small alphabet, so that the penalties and DRY find repetitions, none of them long. */
const RECENT = Array.from({ length: 1024 }, (_, i) => ((i * i * i) % 1009) % 400)

function nineAlike(candidates: Candidates): void {
  for (let id = 0; id < 9; id++) candidates.setLogit(id, 0)
}

const CHAINS: Readonly<Record<string, SamplingParams>> = {
  greedy: {},
  'greedy, penalty': { penalty: 1.1 },
  temperature: { temp: 0.8 },
  'top-k 40': { temp: 0.8, topK: 40 },
  'top-p 0.95': { temp: 0.8, topP: 0.95 },
  'min-p 0.05': { temp: 0.8, minP: 0.05 },
  'typical-p 0.9': { temp: 0.8, typicalP: 0.9 },
  'top-nσ 1': { temp: 1.5, topNSigma: 1 },
  XTC: { temp: 0.8, xtcProbability: 0.5 },
  'dynamic temperature': { temp: 0.8, dynatempRange: 0.5 },
  'mirostat 2': { temp: 0.8, mirostatTau: 2 },
  DRY: { temp: 0.8, dryMultiplier: 0.8, topK: 40 },
  'biases and bans': {
    temp: 0.8,
    topK: 40,
    logitBias: { 5: 2, 700: -1 },
    bannedIds: [1, 2, 31_999],
  },
  'custom step': {
    temp: 0.8,
    topP: 0.95,
    samplers: ['temperature', nineAlike, 'topP'],
  },
  'custom step over all': {
    temp: 0.8,
    topP: 0.95,
    samplers: [
      (candidates) => candidates.mapLogits((id, logit) => (id & 1 ? logit - 1 : logit)),
      'temperature',
      'topP',
    ],
  },
  'all of dasLLAMA': { temp: 0.8, topK: 40, topP: 0.95, minP: 0.05, penalty: 1.1, frequencyPenalty: 0.1 },
  'every step, no top-k': {
    temp: 0.8,
    penalty: 1.1,
    dryMultiplier: 0.8,
    topNSigma: 4,
    typicalP: 0.98,
    topP: 0.95,
    minP: 0.02,
    xtcProbability: 0.5,
  },
}

/** Shapes of logits: standard deviation of most tokens and how far the strong tokens rise above them. */
const SHAPES = {
  /** A few dozen tokens stand out, as when a model is confident. */
  peaked: { bulk: 2.2, strong: 40, height: 18 },
  /** No token stands out. */
  flat: { bulk: 1, strong: 0, height: 0 },
}

type Shape = (typeof SHAPES)[keyof typeof SHAPES]

function makeLogits(rng: Rng, vocabulary: number, { bulk, strong, height }: Shape): Float32Array {
  const logits = Float32Array.from({ length: vocabulary }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - rng.nextUniform()))
    return bulk * radius * Math.cos(2 * Math.PI * rng.nextUniform())
  })
  for (let i = 0; i < strong; i++) {
    logits[Math.floor(rng.nextUniform() * vocabulary)] = height * (1 - 0.5 * (i / strong)) - rng.nextUniform()
  }
  return logits
}

/** The cost of one chain on one kind of logits. */
export interface ChainCost {
  readonly logits: keyof typeof SHAPES
  readonly vocabulary: number
  readonly chain: string
  /** Milliseconds of each pick. */
  readonly samples: readonly number[]
}

function time(params: SamplingParams, positions: readonly Float32Array[]): number[] {
  const sampler = createSampler(params, { seed: 1 })
  const pick = (i: number) => sampler.pick(positions[i % positions.length], RECENT)
  for (let i = 0; i < WARM_UP; i++) pick(i)
  return Array.from({ length: PICKS }, (_, i) => {
    const start = performance.now()
    pick(i)
    return performance.now() - start
  })
}

/** Every chain on every vocabulary and shape of logits. */
export function measureChains(vocabularies: readonly number[]): ChainCost[] {
  const costs: ChainCost[] = []
  for (const logits of ['peaked', 'flat'] as const) {
    const rng = new Rng(1)
    for (const vocabulary of vocabularies) {
      const positions = Array.from({ length: POSITIONS }, () => makeLogits(rng, vocabulary, SHAPES[logits]))
      for (const [chain, params] of Object.entries(CHAINS)) {
        costs.push({ logits, vocabulary, chain, samples: time(params, positions) })
      }
    }
  }
  return costs
}
