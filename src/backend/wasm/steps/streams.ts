import type { Engine } from '../engine.js'
import type { Pointer } from '../kernels.js'
import type { Buffer, Scheduled } from '../scheduled.js'
import { type Step, shortStep } from './step.js'

/** Lengths and combinations of heads, and the largest values of rows. */
export function streamStep(
  { kernels }: Engine,
  step: Scheduled & { kind: 'length' | 'mixHeads' | 'gaussianTopK' },
  addressOf: (buffer: Buffer) => Pointer,
): Step {
  const [x, { width }] = [addressOf(step.x), step.x]
  switch (step.kind) {
    case 'gaussianTopK':
      return shortStep(({ rows }) => kernels.gaussian_top_k(x, rows, width, step.deviations))
    case 'length': {
      const [out, { heads }] = [addressOf(step.out), step]
      return shortStep(({ rows }) => kernels.length(x, out, rows * heads, width / heads))
    }
    case 'mixHeads': {
      const [by, out, { heads: sources, plus }] = [addressOf(step.by), addressOf(step.out), step]
      const headDim = width / sources
      const heads = step.out.width / headDim
      return shortStep(({ rows }) => kernels.mix_heads(x, sources, by, plus, out, heads, rows, headDim))
    }
  }
}
