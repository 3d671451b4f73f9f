import type { Candidates } from './candidates.js'
import type { ResolvedSampling, StepName } from './params.js'
import type { Step, StepContext } from './step.js'
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
export function buildChain(
  params: ResolvedSampling,
  endIds: ReadonlySet<number>,
): (candidates: Candidates, context: StepContext) => void {
  const greedy = params.temp <= 0
  const mirostat = params.mirostatTau > 0
  const runs = (name: StepName) => RESHAPING.has(name) || (!greedy && (!mirostat || name === 'temperature'))
  let vocabulary = 0
  const steps = [constraints(params, endIds)]
  for (const step of cheapestOrder(params)) {
    if (typeof step === 'function') steps.push(custom(step, () => vocabulary))
    else if (runs(step)) steps.push(MAKERS[step](params))
  }
  const active = steps.filter((step) => step !== undefined)
  return (candidates, context) => {
    vocabulary = candidates.size
    for (const step of active) step(candidates, context)
  }
}

/**
 * Top-k right after a fixed temperature keeps the same tokens before it, for division keeps their order; then only
 * those few need dividing.
 */
function cheapestOrder({ samplers, dynatempRange }: ResolvedSampling): ResolvedSampling['samplers'] {
  const at = samplers.indexOf('temperature')
  if (at < 0 || samplers[at + 1] !== 'topK' || dynatempRange > 0) return samplers
  return [...samplers.slice(0, at), 'topK', 'temperature', ...samplers.slice(at + 2)]
}
