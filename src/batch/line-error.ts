/** Why a line of a batch file is not a request. */
export class LineError extends Error {
  /** For programs to branch on. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
