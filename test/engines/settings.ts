import type { SamplingParams } from '../../src/index.js'
import { asOptions } from '../cli/as-options.js'

export const MODEL_PATH = 'models/tiny-stories.Q8_0.gguf'

/** One text that every engine generates. */
export interface Setting {
  readonly name: string
  readonly prompt: string
  readonly maxTokens: number
  readonly seed: number
  readonly params: Omit<SamplingParams, 'samplers'>
}

function setting(name: string, seed: number, params: Setting['params']): Setting {
  return { name, prompt: 'Once upon a time', maxTokens: 60, seed, params }
}

/** Every step of the chain is in at least one of them. */
export const SETTINGS: readonly Setting[] = [
  setting('greedy', 0, {}),
  setting('seed 7', 7, { temp: 0.8, topK: 40, penalty: 1.1 }),
  setting('hot', 3, { temp: 1.5 }),
  setting('nucleus', 11, { temp: 1.1, topP: 0.9, minP: 0.02, presencePenalty: 0.4, frequencyPenalty: 0.2 }),
  setting('typical', 12, {
    temp: 1.2,
    typicalP: 0.8,
    topNSigma: 2.5,
    dynatempRange: 0.5,
    dynatempExponent: 1.3,
  }),
  setting('xtc, dry', 13, {
    temp: 1,
    xtcProbability: 0.5,
    xtcThreshold: 0.15,
    dryMultiplier: 0.8,
    dryBreakers: [13],
  }),
  setting('mirostat', 14, { temp: 1, mirostatTau: 4, mirostatEta: 0.2 }),
  setting('held to', 15, { temp: 1, logitBias: { 300: 2.5, 301: -4 }, bannedIds: [302, 303], minTokens: 20 }),
]

/** The setting as options of `dasllama run`. */
export function cliOptions({ prompt, maxTokens, seed, params }: Setting): string[] {
  return [...asOptions({ prompt, maxTokens, seed, ...params }), '--kernels', 'baseline', '--threads', '2']
}
