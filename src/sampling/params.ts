import { DasllamaError } from '../errors.js'

/** How the next token is chosen from the logits. The defaults are greedy. */
export interface SamplingParams {
  /** Temperature: logits are divided by it. 0 or less takes the most likely token. Default 0. */
  temp?: number
  /** Only the `topK` most likely tokens are drawn from; 0 or less, or the vocabulary and more: all. Default 0. */
  topK?: number
  /**
   * Repetition penalty on each distinct token among the last generated ones: a positive logit is divided by it, a
   * negative one multiplied. 1, or 0 and less: off. Default 1.
   */
  penalty?: number
  /** How many of the last generated tokens `penalty` looks at (the prompt never counts); 0: none. Default 64. */
  penaltyLastN?: number
}

/** The defaults, as documented above: greedy. */
export const DEFAULT_SAMPLING: Readonly<Required<SamplingParams>> = {
  temp: 0,
  topK: 0,
  penalty: 1,
  penaltyLastN: 64,
}

const INTEGERS: ReadonlySet<string> = new Set(['topK', 'penaltyLastN'])

/**
 * Fills in the defaults. Throws `INVALID_ARGUMENT` for a knob that does not exist, NaN, an infinite number, a wrong
 * type, a fraction where a count is meant, or a negative `penaltyLastN`.
 */
export function resolveSampling(params: SamplingParams = {}): Required<SamplingParams> {
  if (typeof params !== 'object' || params === null) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `sampling parameters must be an object, not ${String(params)}`,
    )
  }
  const resolved = { ...DEFAULT_SAMPLING }
  for (const [name, value] of Object.entries(params)) {
    if (!Object.hasOwn(DEFAULT_SAMPLING, name)) {
      throw new DasllamaError('INVALID_ARGUMENT', `there is no sampling parameter "${name}"`, {
        hint: `there are ${Object.keys(DEFAULT_SAMPLING).join(', ')}`,
      })
    }
    if (value === undefined) continue
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new DasllamaError('INVALID_ARGUMENT', `${name} must be a finite number, not ${String(value)}`)
    }
    if (INTEGERS.has(name) && !Number.isInteger(value)) {
      throw new DasllamaError('INVALID_ARGUMENT', `${name} must be a whole number, not ${value}`)
    }
    resolved[name as keyof SamplingParams] = value
  }
  if (resolved.penaltyLastN < 0) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `penaltyLastN must be 0 or more, not ${resolved.penaltyLastN}`,
    )
  }
  return resolved
}
