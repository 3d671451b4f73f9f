import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { Builder } from './builder.js'
import type { Config } from './config.js'
import type { HyperparameterReader } from './hyperparameter-reader.js'

/**
 * A family of models: which architectures it answers for, what it reads from their metadata, and what they compute. One
 * file in families/ and its line in the registry; or `registerFamily` from outside.
 */
export interface Family<C extends Config = Config> {
  /** Values of `general.architecture`. Metadata keys begin with the one that the file has. */
  readonly architectures: readonly string[]
  /** Reads the family's metadata; most begin with `readConfig`. */
  hyperparameters(reader: HyperparameterReader): C
  /** Records the computation, from the tokens to the logits. Called once per model file; depends on nothing else. */
  build(b: Builder, h: C): void
}

/** What a family's author has to mend, whatever the file. `what` follows the architecture. */
export function familyError(architecture: string, what: string, cause?: unknown): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', `family ${describeValue(architecture)}${what}`, {
    cause,
    hint: 'the mistake is in the family, not in the file',
  })
}
