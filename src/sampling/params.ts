import { describeValue } from '../describe.js'
import { readOptions } from '../read-list.js'
import { STEP_NAMES, type StepName } from './chain.js'
import type { CustomStep } from './custom-step.js'
import { checkKnob, invalid, type Knob, type KnobTable } from './knob.js'
import { type ResolvedStepParams, STEP_KNOBS, type StepParams } from './knobs.js'

/** How to sample the next token from the logits. The defaults are greedy. */
export interface SamplingParams extends StepParams {
  /**
   * The chain: which steps run and in which order; may include custom steps. A step that is not named does not run,
   * whatever its parameters. Names of steps, and functions; default all, in the order of `STEP_NAMES`.
   */
  samplers?: readonly (StepName | CustomStep)[]
}

/** `SamplingParams` with every default filled in. */
export type ResolvedSampling = ResolvedStepParams & Required<Pick<SamplingParams, 'samplers'>>

/** Every sampling parameter, declared once. */
export const KNOBS = {
  ...STEP_KNOBS,
  samplers: {
    default: STEP_NAMES,
    kind: { type: 'steps', names: STEP_NAMES },
    summary: 'the steps to run, in this order; a step that is not named does not run',
    group: 'choosing',
  },
} as const satisfies KnobTable<ResolvedSampling>

export type KnobName = keyof SamplingParams

/** The rows of `KNOBS`, in order. */
export function knobEntries(): [KnobName, Knob][] {
  return Object.entries(KNOBS) as [KnobName, Knob][]
}

/** The defaults: greedy. */
export const DEFAULT_SAMPLING: Readonly<ResolvedSampling> = /* @__PURE__ */ defaults()

function defaults(): ResolvedSampling {
  const entries = knobEntries().map(([name, knob]) => [name, knob.default])
  return Object.fromEntries(entries) as ResolvedSampling
}

/**
 * Fills in the defaults. Throws `INVALID_ARGUMENT` for an unknown knob, a value of the wrong type or out of range, NaN or
 * an infinite number, a fraction instead of a count, an invalid id, and for knobs that contradict each other.
 */
export function resolveSampling(params: SamplingParams = {}): ResolvedSampling {
  const given = Object.entries(readOptions('sampling parameters', params))
  for (const entry of given) {
    const [name, value] = entry
    if (!Object.hasOwn(KNOBS, name)) {
      throw invalid(
        `there is no sampling parameter ${describeValue(name)}`,
        `there are ${Object.keys(KNOBS).join(', ')}`,
      )
    }
    if (value !== undefined) entry[1] = checkKnob(name, KNOBS[name as KnobName].kind, value)
  }
  const known = given.filter(([, value]) => value !== undefined)
  const resolved: ResolvedSampling = { ...DEFAULT_SAMPLING, ...Object.fromEntries(known) }
  rejectContradictions(resolved)
  return resolved
}

function rejectContradictions({ ignoreEos, minTokens, bannedIds, forcedIds }: ResolvedSampling): void {
  if (ignoreEos && minTokens > 0) {
    throw invalid('ignoreEos and minTokens contradict each other: with ignoreEos the text never ends')
  }
  if (forcedIds?.every((id) => bannedIds.includes(id))) {
    throw invalid('forcedIds leaves nothing to choose from')
  }
}
