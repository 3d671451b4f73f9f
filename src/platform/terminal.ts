import type { EngineThread } from '../backend/worker/port.js'
import type { CreateOutput } from '../quantize/output-file.js'
import type { ByteSource } from '../storage/source.js'

/** One of a program's two outputs. */
export interface Output {
  /** Whether it is a terminal, where progress can be drawn and control characters take effect. */
  readonly isTerminal: boolean
  /** Whether escape sequences for colours are wanted: see `wantsColors`. */
  readonly hasColors: boolean
  /** Current width in characters; `undefined` where it is not a terminal. */
  readonly columns: number | undefined
  /** Resolves when the text has been handed to the system, so that a slow reader slows the writer down. */
  write(text: string): Promise<void>
}

/** Stands for a line that was discarded before it ended. */
export const ABANDONED = Symbol('a line that is thrown away')

/** How typed lines are read. */
export interface LineOptions {
  /** Whether Enter continues the typed text on another line instead of sending it. Default: never. */
  continues?(text: string): boolean
  /** Completions of a line's beginning for the Tab key, as whole lines. Default: none. */
  complete?(text: string): readonly string[]
}

/** Standard input, line by line. */
export interface Lines {
  /** Whether it is a terminal: lines can be edited, there is a history, and pasted lines stay together. */
  readonly isTerminal: boolean
  /**
   * The next line without its line break, prompted for with `prompt` on a terminal; `undefined` when there are no more.
   * Lines that are pasted together or that continue are returned as one text with `\n` between them.
   */
  next(prompt: string): Promise<string | typeof ABANDONED | undefined>
  /** Calls the listener on each Ctrl-C, which then does nothing else. */
  onInterrupt(listener: () => void): void
  /**
   * Discards lines that have not been read yet. A pending `next` resolves with `ABANDONED`, whatever has been typed; returns
   * whether anything had been typed.
   */
  abandon(): boolean
  close(): void
}

/** What commands need that write model files. */
export interface ModelTools {
  readonly physicalCores: number
  /** Opens a file for reading. Rejects with `NOT_FOUND` and `IO`. */
  openFile(path: string): Promise<ByteSource>
  /** Starts a thread that serves `servePieces`. If the signal is aborted, rejects with its reason and ends the thread. */
  startThread(signal?: AbortSignal): Promise<EngineThread>
  readonly createOutput: CreateOutput
}

/** Where a server listens. Port 0 is any free port. */
export interface ListenOptions {
  readonly host: string
  readonly port: number
}

/** A server of HTTP requests. */
export interface HttpServer {
  /** Its address, such as `http://127.0.0.1:8080`. */
  readonly url: string
  /** Accepts no more connections; requests that are being answered go on. */
  stopListening(): void
  /** Ends all connections. Resolves when it has ended. */
  close(): Promise<void>
}

/** A request that is sent to a server. */
export interface SentRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}

/** What a command line program needs from its process. */
export interface Terminal {
  readonly stdout: Output
  readonly stderr: Output
  /** Whether errors are printed with their stack traces. */
  readonly debug: boolean
  /** Whether standard input is a terminal rather than a file or a pipe. */
  readonly inputIsTerminal: boolean
  /** Bytes of memory that are available now; `undefined` if unknown. */
  readonly availableMemory: number | undefined
  readonly modelTools: ModelTools
  /** Where names on the hub lead, and with which token: `HF_ENDPOINT` and `HF_TOKEN`. */
  readonly hub: { readonly baseUrl?: string | undefined; readonly token?: string | undefined }
  /** All of standard input. Rejects with `INVALID_ARGUMENT` when it is not UTF-8. */
  readInput(): Promise<string>
  /** Starts reading standard input line by line. Until closed, it handles Ctrl-C. */
  openLines(options?: LineOptions): Lines
  /**
   * Reads a text file. Rejects with `NOT_FOUND`, `IO`, `LIMIT` for more than 64 MiB, `INVALID_ARGUMENT` when it is not
   * UTF-8.
   */
  readFile(path: string): Promise<string>
  /** Writes a text file, replacing an existing one. Rejects with `IO`. */
  writeFile(path: string, text: string): Promise<void>
  /** Calls the listener on the first Ctrl-C instead of exiting; the second one exits. Returns a function that undoes this. */
  onInterrupt(listener: () => void): () => void
  /** The same for SIGTERM, with which services are stopped. */
  onTerminate(listener: () => void): () => void
  /** Answers HTTP requests. Rejects with `IO` if the address cannot be listened on. */
  listen(answer: (request: Request) => Promise<Response>, options: ListenOptions): Promise<HttpServer>
  /** Posts a body to an http or https URL; the response may take any time. Rejects with `IO`, or with the signal's reason. */
  post(request: SentRequest): Promise<Response>
}

/**
 * Whether to write colours: on a terminal that supports them, unless NO_COLOR is set. FORCE_COLOR enables them anywhere, or
 * disables them if it is 0 or false.
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
