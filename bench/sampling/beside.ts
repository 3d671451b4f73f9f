/**
 * Comparisons for the cost of the sampler chain: a model's decode step with the same vocabulary, and
 * llama.cpp's sampler. The model has random weights in the shape of SmolLM2-135M, and its logits are the input of both.
 */
import { loadModel } from 'dasllama'
import { createSampler } from '../../src/sampling/index.js'
import { randomModel } from '../../test/support/random-model/random-model.js'
import { cachedGguf } from '../models/cache.js'
import { SHAPE_135M } from '../models/mixes.js'
import { type RivalSampling, timeRivalSampler } from '../rivals/node-llama-cpp/sampler.js'

const REPETITIONS = 40

/** The same parameters for both. */
const CHAINS: readonly {
  name: string
  rival: RivalSampling
  temp: number
  topK?: number
  topP?: number
  minP?: number
}[] = [
  { name: 'greedy', temp: 0, rival: { temperature: 0 } },
  { name: 'temp 0.8', temp: 0.8, rival: { temperature: 0.8 } },
  { name: 'temp, top-p 0.95', temp: 0.8, topP: 0.95, rival: { temperature: 0.8, topP: 0.95 } },
  {
    name: 'temp, top-k 40, top-p, min-p',
    temp: 0.8,
    topK: 40,
    topP: 0.95,
    minP: 0.05,
    rival: { temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05 },
  },
]

/** The chain compared with a model's step and the rival's sampler, on one vocabulary. All samples in milliseconds. */
export interface BesideCost {
  readonly vocabulary: number
  readonly step: readonly number[]
  readonly chains: readonly {
    readonly chain: string
    readonly ours: readonly number[]
    readonly theirs: readonly number[]
  }[]
}

/** Milliseconds of `REPETITIONS` calls after as many warm-up calls. */
async function time(call: (i: number) => unknown): Promise<number[]> {
  const samples: number[] = []
  for (let i = -REPETITIONS; i < REPETITIONS; i++) {
    const start = performance.now()
    await call(i + REPETITIONS)
    if (i >= 0) samples.push(performance.now() - start)
  }
  return samples
}

export async function measureBeside(vocabulary: number): Promise<BesideCost> {
  const path = await cachedGguf(`random-135M-${vocabulary}.Q8_0.gguf`, () =>
    randomModel({ shape: { ...SHAPE_135M, vocab: vocabulary }, format: 'Q8_0', tied: true }),
  )
  await using model = await loadModel(path, { contextLength: 4 * REPETITIONS })
  using session = model.createSession()
  const step = await time((i) => session.eval([1 + (i % 100)]))
  const logits = session.logits()
  const rivals = await timeRivalSampler(
    path,
    CHAINS.map(({ rival }) => rival),
    REPETITIONS,
  )
  const chains = []
  for (const [i, { name, rival: _, ...params }] of CHAINS.entries()) {
    const sampler = createSampler(params, { seed: 1 })
    chains.push({ chain: name, ours: await time(() => sampler.pick(logits)), theirs: rivals[i] })
  }
  return { vocabulary, step, chains }
}
