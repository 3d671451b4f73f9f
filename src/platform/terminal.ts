/** One of a program's two outputs. */
export interface Output {
  /** Someone watches: progress may be drawn, and control characters would be obeyed. */
  readonly isTerminal: boolean
  /** Whether escape sequences for colours are wanted: see `wantsColors`. */
  readonly hasColors: boolean
  /** Characters that fit into a line at the moment; `undefined` where it is not a terminal. */
  readonly columns: number | undefined
  /** Resolves when the text is on its way, so that a slow reader slows the writer. */
  write(text: string): Promise<void>
}

/** What a line is that is thrown away before it has ended. */
export const ABANDONED = Symbol('a line that is thrown away')

/** How lines that are typed are read. */
export interface LineOptions {
  /** Whether a text that is typed is to go on in another line, rather than be sent at the Enter key. Default: never. */
  continues?(text: string): boolean
  /** What the start of a line may be completed to at the Tab key: whole lines. Default: none. */
  complete?(text: string): readonly string[]
}

/** Standard input, line by line. */
export interface Lines {
  /** Someone types: lines can be edited, earlier ones come back, and pasted ones stay together. */
  readonly isTerminal: boolean
  /**
   * The next line without its end, asked for with `prompt` where someone types; `undefined` when there are no more.
   * Lines that are pasted together or that continue come as one text, `\n` between them.
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
  /** Whether standard input is someone who types rather than a file or a pipe. */
  readonly inputIsTerminal: boolean
  /** Bytes of memory that a program may take now; `undefined` where the runtime does not say. */
  readonly availableMemory: number | undefined
  /** All of standard input. Rejects with `INVALID_ARGUMENT` when it is not UTF-8. */
  readInput(): Promise<string>
  /** Begins to read standard input line by line. Until it is closed, Ctrl-C belongs to it. */
  openLines(options?: LineOptions): Lines
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

/**
 * Whether to write colours: where someone watches a terminal that knows them, unless NO_COLOR is set; FORCE_COLOR asks
 * for them anywhere, and with 0 or false for none.
 */
export function wantsColors({
  isTerminal,
  env,
}: {
  readonly isTerminal: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return isTerminal && env.TERM !== 'dumb'
}
