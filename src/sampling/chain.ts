import type { ResolvedSampling, StepName } from './params.js'
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

/** Makes a step of the parameters; `undefined` where they leave it off. */
type StepMaker = (params: ResolvedSampling) => Step | undefined

/** A new step is a file in steps/ and its line here, in `STEP_NAMES` and in the parameters. */
const MAKERS: Readonly<Record<StepName, StepMaker>> = {
  penalties,
  dry,
  topNSigma,
  temperature,
  topK,
  typicalP,
  topP,
  minP,
  xtc,
}

/** Steps that change logits; greedy choice and mirostat need no others (mirostat: and the temperature). */
const RESHAPING: ReadonlySet<StepName> = new Set(['penalties', 'dry'])

/** The steps that these parameters ask for, in order. */
export function buildChain(params: ResolvedSampling, endIds: ReadonlySet<number>): readonly Step[] {
  const greedy = params.temp <= 0
  const mirostat = params.mirostatTau > 0
  const runs = (name: StepName) => RESHAPING.has(name) || (!greedy && (!mirostat || name === 'temperature'))
  const steps = [constraints(params, endIds)]
  for (const step of params.samplers) {
    if (typeof step === 'function') steps.push(custom(step))
    else if (runs(step)) steps.push(MAKERS[step](params))
  }
  return steps.filter((step) => step !== undefined)
}
