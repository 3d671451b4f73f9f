import { loadModel } from '../../src/index.js'
import { argmax } from '../../src/sampling/passes.js'
import type { Session } from '../../src/session/session.js'
import type { TokenId } from '../../src/tokenizer/tokenizer.js'
import { logProbabilities, topIndices } from '../support/logits.js'
import type { ModelCase } from '../support/random-models.js'
import type { LlamaCpp, OracleStep } from './llama-cpp.js'
import { type Rounding, roundingOf } from './rounding.js'

/**
 * Maximum distance of an exact engine from llama.cpp, which rounds activations for its dot products. On a Q8_0
 * model whose logits differ from the f64 reference's by 4e-4 standard deviations here, llama.cpp's differed by 7e-2.
 */
interface Limits {
  /** A different choice is an error unless llama.cpp's two best are closer than this, in log-probability. */
  readonly gap: number
  /** Largest difference of the log-probabilities of llama.cpp's ten best. */
  readonly logProbability: number
}

const EIGHT_BITS_AND_MORE = 0.05
/**
 * A ChatGLM chose another id than ours at 0.094 once, after other models in the same process; alone, llama.cpp chooses ours, as the
 * f64 reference does.
 */
const Q8_0 = 0.15
const UNDER_EIGHT_BITS = 0.2
/** TQ1_0: at 0.215 the f64 reference chooses as we do. */
const UNDER_EIGHT_BITS_PER_256 = 0.3

/** At least one and a half times the largest value measured over the models of this suite, given in the comments. */
const LIMITS: Readonly<Record<Rounding, Limits>> = {
  // f32 throughout, except for the cache and attention weights in f16.
  f32: { gap: EIGHT_BITS_AND_MORE, logProbability: 0.01 }, // 0.004
  f16: { gap: EIGHT_BITS_AND_MORE, logProbability: 0.01 }, // 0.005
  bf16: { gap: EIGHT_BITS_AND_MORE, logProbability: 0.08 }, // 0.037
  'per-32': { gap: UNDER_EIGHT_BITS, logProbability: 0.4 }, // 0.21
  'per-256': { gap: UNDER_EIGHT_BITS_PER_256, logProbability: 1 }, // 0.64; TinyLlama 0.68
}

/**
 * What llama.cpp's F16 table of GELU adds to the largest difference. Measured: 0.0103 with everything else in f32, of which
 * an f64 reference with such a table explains a third.
 */
const GELU = 0.006

/** How much larger differences may be in models of more than 30 layers. Measured: 0.019 with everything in f32. */
const DEEP = 3

function limitsOf({
  format,
  gelu = false,
  deep = false,
}: Pick<ModelCase, 'format' | 'gelu' | 'deep'>): Limits {
  const { gap, logProbability } = LIMITS[roundingOf(format)]
  const limits = { gap, logProbability: (logProbability + (gelu ? GELU : 0)) * (deep ? DEEP : 1) }
  return format === 'Q8_0' ? { ...limits, gap: Q8_0 } : limits
}

/** The result of a comparison; can be added up over prompts. */
export interface Agreement {
  /** Ids compared. */
  readonly compared: number
  /** Of these, chosen by both. */
  readonly equal: number
  /** Largest difference of a log-probability among llama.cpp's ten best. */
  readonly difference: number
  /** Descriptions of what exceeds the limits. */
  readonly problems: readonly string[]
}

/**
 * Evaluates the prompt and then the ids that llama.cpp chose, whatever `session` would choose itself, so that every
 * step is compared.
 */
export async function follow(
  session: Session,
  prompt: readonly TokenId[],
  run: readonly OracleStep[],
  modelCase: Pick<ModelCase, 'format' | 'gelu' | 'deep'>,
): Promise<Agreement> {
  const limits = limitsOf(modelCase)
  const problems: string[] = []
  let equal = 0
  let difference = 0
  let ids = prompt
  for (const [step, { id, logits }] of run.entries()) {
    await session.eval(ids)
    const ours = session.logits()
    const expected = logProbabilities(logits)
    const actual = logProbabilities(ours)
    const best = topIndices(expected, 10)
    const gap = expected[best[0]] - expected[best[1]]
    const choice = argmax(ours, ours.length)
    if (choice === id) equal++
    else if (gap >= limits.gap) problems.push(`step ${step}: ${choice}, not ${id}, which is ahead by ${gap}`)
    for (const candidate of best) {
      const apart = Math.abs(actual[candidate] - expected[candidate])
      if (!(apart <= limits.logProbability)) problems.push(`step ${step}: id ${candidate} is ${apart} off`)
      difference = Math.max(difference, apart)
    }
    ids = [id]
  }
  return { compared: run.length, equal, difference, problems }
}

/** Combines several comparisons. */
export function together(parts: readonly Agreement[]): Agreement {
  const sum = (of: (part: Agreement) => number) => parts.reduce((total, part) => total + of(part), 0)
  return {
    compared: sum((part) => part.compared),
    equal: sum((part) => part.equal),
    difference: Math.max(...parts.map((part) => part.difference)),
    problems: parts.flatMap((part) => part.problems),
  }
}

/**
 * Follows llama.cpp from a text. We read `path`, llama.cpp `oraclePath` if it cannot read the same file.
 */
export async function followText(
  oracle: LlamaCpp,
  files: { readonly path: string; readonly oraclePath?: string; readonly format: string },
  text: string,
  steps: number,
): Promise<Agreement> {
  await using model = await loadModel(files.path)
  const prompt = model.encode(text)
  const [run] = await oracle.greedy(files.oraclePath ?? files.path, [prompt], steps)
  using session = model.createSession()
  return await follow(session, prompt, run, files)
}
