import type { Value } from '../backend/program.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { Builder } from './builder/builder.js'
import type { Config } from './config.js'
import type { HyperparameterReader } from './hyperparameter-reader.js'

/**
 * A family of models: the architectures it implements, the hyperparameters it reads and the graph it builds. A built-in
 * family is a file in families/; others are added with `registerFamily`.
 */
export interface Family<C extends Config = Config> {
  /** Values of `general.architecture`. Metadata keys are prefixed with the file's value. */
  readonly architectures: readonly string[]
  /** Reads the family's metadata; most begin with `readConfig`. */
  hyperparameters(reader: HyperparameterReader): C
  /** Records the computation from the tokens to the logits. Called once per model file; must be a pure function. */
  build(b: Builder, h: C): void
  /**
   * Records the draft head of a file that has one layer for it after the others: from tokens, and the hidden state of the token
   * before each, to logits of the token after each. Default: draft heads are not used.
   */
  draftHead?(b: Builder, state: Value, h: C): void
}

/** An error that a family's author has to fix, whatever the file. `what` follows the architecture. */
export function familyError(architecture: string, what: string, cause?: unknown): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', `family ${describeValue(architecture)}${what}`, {
    cause,
    hint: 'the mistake is in the family, not in the file',
  })
}
