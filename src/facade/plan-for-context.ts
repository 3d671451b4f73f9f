import { programForContext } from '../backend/context-length.js'
import type { Program } from '../backend/program.js'
import { contextBytes } from '../backend/wasm/encoder/context-bytes.js'
import type { ModelDirectory } from '../gguf/model-file.js'
import type { TensorSamples } from '../gguf/tensor-samples.js'
import type { Config } from '../model/config.js'
import { modelIdentity } from '../model/identity.js'
import { planModel } from '../model/plan.js'
import { formatShares } from './format-shares.js'
import type { FormatShare } from './model-summary.js'

/** A context that most prompts fit in and that does not take more memory than a small model itself. */
const DEFAULT_CONTEXT = 4096

export function defaultContext(config: Config): number {
  return Math.min(config.contextLength, DEFAULT_CONTEXT)
}

/** What to load and run for sessions of up to `context` tokens. */
export interface ContextPlan {
  readonly config: Config
  readonly program: Program
  readonly context: number
  /** Bytes that a session, or a text of an encoder, takes for `positions` positions at most, with an f16 cache. */
  bytesFor(positions: number): number
  /** The file's tensors by block format. */
  readonly formats: readonly FormatShare[]
  /** The model's identity, given samples of its tensors' bytes. */
  identityOf(samples: TensorSamples): string
}

/** Plans a file's program for a context; default: `defaultContext`. Throws what `planModel` throws. */
export function planForContext(
  directory: ModelDirectory,
  contextLength: number | undefined,
  options: { draftHead?: boolean },
): ContextPlan {
  const plan = planModel(directory, undefined, options)
  const context = contextLength ?? defaultContext(plan.config)
  const program = programForContext(plan.program, context)
  return {
    config: plan.config,
    program,
    context,
    bytesFor: (positions) => contextBytes(program, positions),
    formats: formatShares(directory),
    identityOf: (samples) => modelIdentity({ ...plan, program }, directory, samples),
  }
}
