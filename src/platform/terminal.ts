/** One of a program's two outputs. */
export interface Output {
  /** Someone watches: progress may be drawn, and control characters would be obeyed. */
  readonly isTerminal: boolean
  /** Resolves when the text is on its way, so that a slow reader slows the writer. */
  write(text: string): Promise<void>
}

/** What a line is that is thrown away before it has ended. */
export const ABANDONED = Symbol('a line that is thrown away')

/** Standard input, line by line. */
export interface Lines {
  /** Someone types: lines can be edited, earlier ones come back with the arrow keys, and pasted ones stay together. */
  readonly isTerminal: boolean
  /**
   * The next line without its end, asked for with `prompt` where someone types; `undefined` when there are no more.
   * Lines that are pasted together come as one text, `\n` between them, at the end of its last line.
   */
  next(prompt: string): Promise<string | typeof ABANDONED | undefined>
  /** Calls the listener at each Ctrl-C, which then does nothing else. */
  onInterrupt(listener: () => void): void
  /**
   * Throws away lines that wait to be asked for. If one has been asked for, `ABANDONED` comes in its place, whatever
   * is typed of it; says whether anything was.
   */
  abandon(): boolean
  close(): void
}

/** What a command line program needs from the process that it runs in. */
export interface Terminal {
  readonly stdout: Output
  readonly stderr: Output
  /** Whether errors are to show where they come from. */
  readonly debug: boolean
  /** All of standard input. Rejects with `INVALID_ARGUMENT` when it is not UTF-8. */
  readInput(): Promise<string>
  /** Begins to read standard input line by line. Until it is closed, Ctrl-C belongs to it. */
  openLines(): Lines
  /**
   * A whole text file. Rejects with `NOT_FOUND`, `IO`, `LIMIT` for more than 64 MiB, `INVALID_ARGUMENT` when it is not
   * UTF-8.
   */
  readFile(path: string): Promise<string>
  /** Writes a whole text file, in the place of any there was. Rejects with `IO`. */
  writeFile(path: string, text: string): Promise<void>
  /** Calls the listener at the first Ctrl-C instead of ending; the second one ends. Returns a function that undoes it. */
  onInterrupt(listener: () => void): () => void
}
