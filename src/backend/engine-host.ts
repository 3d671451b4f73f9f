import type { ModelDirectory } from '../gguf/model-file.js'
import type { TensorSamples } from '../gguf/tensor-samples.js'
import type { WarningListener } from '../warnings.js'
import type { Executable } from './executable.js'
import type { Program } from './program.js'

/** Bytes of the weights read so far, and in total. */
export interface LoadProgress {
  readonly loaded: number
  readonly total: number
}

/** An executable program, and samples of its tensors' bytes in the file. */
export interface LoadedProgram {
  readonly executable: Executable
  readonly samples: TensorSamples
}

/** A model file, opened where its program will run: in this thread or in a Worker. */
export interface OpenedModel {
  readonly directory: ModelDirectory
  /**
   * Loads the weights of a program that was planned for the file, and closes the file. Called once. Rejects with
   * `OUT_OF_MEMORY` before a weight is read, errors of reading the file, `UNSUPPORTED`, `BAD_FORMAT`, `ENGINE_LOST`, or the
   * signal's reason; then everything that was started has been ended.
   */
  load(program: Program, options: LoadingOptions): Promise<LoadedProgram>
  /** Closes the file and ends what was started, if nothing will be loaded. Idempotent. */
  close(): Promise<void>
}

export interface LoadingOptions {
  /** Positions of a sequence, or of an encoder's text, that must fit besides weights and scratch. */
  readonly context: number
  readonly signal?: AbortSignal | undefined
  readonly onWarning?: WarningListener | undefined
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined
}
