/** A file that is being written under a temporary name. */
export interface OutputFile {
  /** Writes at an offset, in any order; bytes that are never written are zeros. Rejects with `IO`. */
  write(offset: number, bytes: Uint8Array): Promise<void>
  /** Gives the complete file its name. Rejects with `IO`; then nothing is left. */
  finish(): Promise<void>
  /** Removes what has been written. Never rejects. */
  abandon(): Promise<void>
}

export interface OutputSettings {
  /** Of the whole file, in bytes: an `IO` error at once if the disk has less space. */
  readonly size: number
  /** Whether an existing file is replaced. Otherwise `INVALID_ARGUMENT`. */
  readonly replace: boolean
  /** Names of files that are read meanwhile: the output must not be one of them, `INVALID_ARGUMENT`. */
  readonly inputs: readonly string[]
}

/** Creates a file for output. Nothing has the name `path` until it is complete. Rejects with `IO` and `NOT_FOUND`. */
export type CreateOutput = (path: string, settings: OutputSettings) => Promise<OutputFile>
