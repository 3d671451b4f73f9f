import type { ModelDirectory } from '../gguf/model-file.js'
import type { TensorSamples } from '../gguf/tensor-samples.js'
import type { WarningListener } from '../warnings.js'
import type { Executable } from './executable.js'
import type { Program } from './program.js'

/** Bytes of the weights read so far, and altogether. */
export interface LoadProgress {
  readonly loaded: number
  readonly total: number
}

/** A program that is ready to run, and samples of its tensors' bytes in the file. */
export interface LoadedProgram {
  readonly executable: Executable
  readonly samples: TensorSamples
}

/** A model file that was opened where its program will run: in this thread or in a Worker. */
export interface OpenedModel {
  readonly directory: ModelDirectory
  /**
   * Loads the weights of a program that was planned for the file, and closes the file. Called once. Rejects with
   * `OUT_OF_MEMORY` before a weight is read, what reading the file throws, `UNSUPPORTED`, `BAD_FORMAT`, `ENGINE_LOST`, or the
   * signal's reason; then whatever had been started is ended.
   */
  load(program: Program, options: LoadingOptions): Promise<LoadedProgram>
  /** Closes the file and ends what was started, where nothing will be loaded. Idempotent. */
  close(): Promise<void>
}

export interface LoadingOptions {
  /** Bytes that sequences will want on top of weights and scratch; counted into the check before loading. */
  readonly reserve: number
  readonly signal?: AbortSignal | undefined
  readonly onWarning?: WarningListener | undefined
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined
}
