import type { CustomStep } from './custom-step.js'
import type { ResolvedStepParams } from './knobs.js'
import type { Step } from './step.js'
import { constraints } from './steps/constraints.js'
import { custom } from './steps/custom.js'
import { dry } from './steps/dry.js'
import { minP } from './steps/min-p.js'
import { penalties } from './steps/penalties.js'
import { temperature } from './steps/temperature.js'
import { topK } from './steps/top-k.js'
import { topNSigma } from './steps/top-n-sigma.js'
import { topP } from './steps/top-p.js'
import { typicalP } from './steps/typical-p.js'
import { xtc } from './steps/xtc.js'

interface StepEntry {
  /** Creates the step; `undefined` if the parameters disable it. */
  readonly make: (params: ResolvedStepParams) => Step | undefined
  /** Greedy sampling runs only the steps that reshape logits; mirostat skips those that truncate. */
  readonly purpose: 'reshape' | 'temperature' | 'truncate'
  /** Names for it in other programs. */
  readonly aliases?: readonly string[]
}

/**
 * The chain, in its default order. To add a step, add a file to steps/, a line here and in `STEP_KNOBS_OF`, and its knobs to
 * `STEP_KNOBS`.
 */
const STEPS = {
  penalties: { make: penalties, purpose: 'reshape' },
  dry: { make: dry, purpose: 'reshape' },
  topNSigma: { make: topNSigma, purpose: 'truncate' },
  temperature: { make: temperature, purpose: 'temperature', aliases: ['temp'] },
  topK: { make: topK, purpose: 'truncate' },
  typicalP: { make: typicalP, purpose: 'truncate', aliases: ['typP', 'typ'] },
  topP: { make: topP, purpose: 'truncate', aliases: ['nucleus'] },
  minP: { make: minP, purpose: 'truncate' },
  xtc: { make: xtc, purpose: 'truncate' },
} as const satisfies Readonly<Record<string, StepEntry>>

/** A step of the chain, as the option `samplers` names it. */
export type StepName = keyof typeof STEPS

/** The steps of the chain that `samplers` may name, in their default order. */
export const STEP_NAMES = /* @__PURE__ */ Object.keys(STEPS) as readonly StepName[]

/** The knobs of each step. Not in `STEPS`, because only `explainSampling` needs them. */
export const STEP_KNOBS_OF: Readonly<Record<StepName, readonly (keyof ResolvedStepParams)[]>> = {
  penalties: ['penalty', 'presencePenalty', 'frequencyPenalty', 'penaltyLastN'],
  dry: ['dryMultiplier', 'dryBase', 'dryAllowedLength', 'dryPenaltyLastN', 'dryBreakers'],
  topNSigma: ['topNSigma'],
  temperature: ['temp', 'dynatempRange', 'dynatempExponent'],
  topK: ['topK'],
  typicalP: ['typicalP'],
  topP: ['topP'],
  minP: ['minP'],
  xtc: ['xtcProbability', 'xtcThreshold'],
}

/** The step with this name or alias, ignoring case, hyphens and underscores. */
export function findStep(name: string): StepName | undefined {
  const bare = (text: string) => text.trim().replace(/[-_]/g, '').toLowerCase()
  const wanted = bare(name)
  return STEP_NAMES.find((step) => {
    const { aliases = [] }: StepEntry = STEPS[step]
    return [step, ...aliases].some((known) => bare(known) === wanted)
  })
}

/** The parameters that the chain is built from. */
type ChainParams = ResolvedStepParams & { readonly samplers: readonly (StepName | CustomStep)[] }

/** A step of a chain, in its place. */
export interface ChainEntry {
  /** `constraints` comes before all others; `custom` is a caller's function. */
  readonly name: 'constraints' | StepName | 'custom'
  /** `undefined` if the parameters disable it. */
  readonly run: Step | undefined
}

/** All steps of the chain, in order, with those that these parameters disable. */
export function listChain(params: ChainParams, endIds: ReadonlySet<number>): readonly ChainEntry[] {
  const isGreedy = params.temp <= 0
  const isMirostat = params.mirostatTau > 0
  const runs = ({ purpose }: StepEntry) =>
    purpose === 'reshape' || (!isGreedy && (!isMirostat || purpose === 'temperature'))
  const steps = params.samplers.map((step): ChainEntry => {
    if (typeof step === 'function') return { name: 'custom', run: custom(step) }
    return { name: step, run: runs(STEPS[step]) ? STEPS[step].make(params) : undefined }
  })
  return [{ name: 'constraints', run: constraints(params, endIds) }, ...steps]
}
