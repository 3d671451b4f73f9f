import type { ExplainedStepName } from 'dasllama/sampling'
import { STEPS } from './parameters.js'

/** What a step of the chain is called on the page. */
export function stepLabel(name: ExplainedStepName): string {
  if (name in STEPS) return STEPS[name as keyof typeof STEPS].label
  return OTHERS[name as keyof typeof OTHERS]
}

const OTHERS = {
  constraints: 'Constraints',
  custom: 'Custom step',
  mirostat: 'Mirostat',
  greedy: 'Greedy choice',
} as const
