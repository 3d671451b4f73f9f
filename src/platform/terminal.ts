/** One of a program's two outputs. */
export interface Output {
  /** Someone watches: progress may be drawn, and control characters would be obeyed. */
  readonly isTerminal: boolean
  /** Resolves when the text is on its way, so that a slow reader slows the writer. */
  write(text: string): Promise<void>
}

/** What a command line program needs from the process that it runs in. */
export interface Terminal {
  readonly stdout: Output
  readonly stderr: Output
  /** Whether errors are to show where they come from. */
  readonly debug: boolean
  /** All of standard input. Rejects with `INVALID_ARGUMENT` when it is not UTF-8. */
  readInput(): Promise<string>
  /** A whole text file. Rejects with `NOT_FOUND`, with `IO`, and with `INVALID_ARGUMENT` when it is not UTF-8. */
  readFile(path: string): Promise<string>
  /** Calls the listener at the first Ctrl-C instead of ending; the second one ends. Returns a function that undoes it. */
  onInterrupt(listener: () => void): () => void
}
