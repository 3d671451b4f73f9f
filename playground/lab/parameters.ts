/** The parameters that the lab has sliders for, by step of the chain. */
import type { SamplingParams, StepName } from 'dasllama/sampling'

/** The parameters that are numbers. */
export type Knob = {
  [Name in keyof SamplingParams]-?: SamplingParams[Name] extends number | undefined ? Name : never
}[keyof SamplingParams]

export type Values = Readonly<Partial<Record<Knob, number>>>

export interface KnobRange {
  readonly name: Knob
  readonly label: string
  readonly min: number
  readonly max: number
  readonly step: number
  /** The value that turns it off, shown as "off". */
  readonly off?: number
}

export interface StepInfo {
  readonly label: string
  /** One line: what it does. */
  readonly summary: string
  readonly knobs: readonly KnobRange[]
}

export const STEPS: Readonly<Record<StepName, StepInfo>> = {
  penalties: {
    label: 'Penalties',
    summary: 'lower what has been generated recently',
    knobs: [
      { name: 'penalty', label: 'Repetition', min: 1, max: 2, step: 0.05, off: 1 },
      { name: 'presencePenalty', label: 'Presence', min: -2, max: 2, step: 0.1, off: 0 },
      { name: 'frequencyPenalty', label: 'Frequency', min: -2, max: 2, step: 0.1, off: 0 },
      { name: 'penaltyLastN', label: 'Look back', min: 0, max: 256, step: 8 },
    ],
  },
  dry: {
    label: 'DRY',
    summary: 'lowers what would continue a repeated sequence',
    knobs: [
      { name: 'dryMultiplier', label: 'Multiplier', min: 0, max: 3, step: 0.1, off: 0 },
      { name: 'dryBase', label: 'Base', min: 1, max: 4, step: 0.05 },
      { name: 'dryAllowedLength', label: 'Allowed length', min: 1, max: 10, step: 1 },
    ],
  },
  topNSigma: {
    label: 'Top-nσ',
    summary: 'keeps logits within n standard deviations of the largest',
    knobs: [{ name: 'topNSigma', label: 'Deviations', min: 0, max: 5, step: 0.1, off: 0 }],
  },
  temperature: {
    label: 'Temperature',
    summary: 'below 1 sharpens the distribution, above 1 flattens it',
    knobs: [{ name: 'temp', label: 'Temperature', min: 0, max: 2, step: 0.05, off: 0 }],
  },
  topK: {
    label: 'Top-k',
    summary: 'keeps the k most likely tokens',
    knobs: [{ name: 'topK', label: 'Tokens', min: 0, max: 100, step: 1, off: 0 }],
  },
  typicalP: {
    label: 'Typical',
    summary: 'keeps the tokens whose surprise is closest to the expected one',
    knobs: [{ name: 'typicalP', label: 'Share', min: 0.01, max: 1, step: 0.01, off: 1 }],
  },
  topP: {
    label: 'Top-p',
    summary: 'keeps the most likely tokens that together hold this share',
    knobs: [{ name: 'topP', label: 'Share', min: 0.01, max: 1, step: 0.01, off: 1 }],
  },
  minP: {
    label: 'Min-p',
    summary: 'removes tokens that are this much less likely than the best',
    knobs: [{ name: 'minP', label: 'Share of the best', min: 0, max: 0.5, step: 0.005, off: 0 }],
  },
  xtc: {
    label: 'XTC',
    summary: 'now and then excludes the top choices',
    knobs: [
      { name: 'xtcProbability', label: 'Chance', min: 0, max: 1, step: 0.05, off: 0 },
      { name: 'xtcThreshold', label: 'Threshold', min: 0, max: 0.5, step: 0.01 },
    ],
  },
}

export const KNOBS: readonly KnobRange[] = /* @__PURE__ */ Object.values(STEPS).flatMap(({ knobs }) => knobs)

/** Settings to start from. What a preset does not name has its default. */
export const PRESETS: readonly (readonly [string, Values])[] = [
  ['Greedy', {}],
  ['Plain', { temp: 1 }],
  ['Balanced', { temp: 0.8, topK: 40, topP: 0.95, minP: 0.05 }],
  ['Inventive', { temp: 1.4, minP: 0.1, xtcProbability: 0.5, xtcThreshold: 0.1 }],
  ['No repeats', { temp: 0.7, topP: 0.9, penalty: 1.2, dryMultiplier: 0.8 }],
]

/** As it is written in a program: `{ temp: 0.8, topK: 40 }`. */
export function asCode(values: Values): string {
  const entries = Object.entries(values).map(([name, value]) => `${name}: ${value}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}
