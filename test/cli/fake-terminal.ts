import { post } from '../../src/platform/node/http-client.js'
import { listen } from '../../src/platform/node/http-server.js'
import { modelTools } from '../../src/platform/node/model-tools.js'
import { readTextFile } from '../../src/platform/node/terminal.js'
import {
  ABANDONED,
  type LineOptions,
  type Lines,
  type Output,
  type Terminal,
} from '../../src/platform/terminal.js'

const ERASE_LINE = '\r\x1b[2K'

/** A terminal that records its output. */
export class FakeTerminal implements Terminal {
  out = ''
  err = ''
  debug = false
  input = ''
  /** Called after every write to stdout. */
  onOutput: () => void = () => {}
  readonly stdout: Output
  readonly stderr: Output
  readonly #interrupts = new Set<() => void>()
  readonly #terminations = new Set<() => void>()

  inputIsTerminal: boolean
  availableMemory: number | undefined = 8 * 2 ** 30
  modelTools = modelTools
  hub: Terminal['hub'] = {}

  /**
   * `watched`: whether input and outputs are terminals rather than files or pipes; `hasColors` and `columns`: what these
   * outputs can; `keepsErased`: whether lines stay that are erased.
   */
  constructor({
    watched = false,
    hasColors = false,
    columns,
    inputIsTerminal,
    keepsErased = false,
  }: {
    watched?: boolean
    hasColors?: boolean
    columns?: number
    inputIsTerminal?: boolean
    keepsErased?: boolean
  } = {}) {
    this.#watched = watched
    this.inputIsTerminal = inputIsTerminal ?? watched
    this.stdout = {
      isTerminal: watched,
      hasColors,
      columns,
      write: async (text) => {
        this.out += text
        this.onOutput()
      },
    }
    this.stderr = {
      isTerminal: watched,
      hasColors,
      columns,
      write: async (text) => {
        if (keepsErased || !text.startsWith(ERASE_LINE)) this.err += text
        // A slow machine draws a bar while a model loads, and takes it away again.
        else this.err = this.err.replace(/[^\n]*$/, '') + text.slice(ERASE_LINE.length)
      },
    }
  }

  /** The typed lines; a function, for example one that presses Ctrl-C, is called before the next line. */
  typed: (string | (() => void))[] = []
  /** The prompts that lines were asked for with. */
  readonly prompts: string[] = []
  /** The incomplete line typed so far. */
  halfTyped = ''
  #isAbandoned = false
  readonly files = new Map<string, string>()
  readonly #watched: boolean
  readonly #lineInterrupts = new Set<() => void>()

  openLines({ continues }: LineOptions = {}): Lines {
    return {
      isTerminal: this.#watched,
      next: async (prompt) => {
        this.prompts.push(prompt)
        await new Promise((resolve) => setTimeout(resolve, 0))
        let begun: string | undefined
        for (let item = this.typed.shift(); item !== undefined; item = this.typed.shift()) {
          if (typeof item === 'string') {
            const text: string = begun === undefined ? item : `${begun}\n${item}`
            if (!this.#watched || !continues?.(text)) return text
            begun = text
            continue
          }
          this.#isAbandoned = false
          item()
          if (this.#isAbandoned) return ABANDONED
        }
        return undefined
      },
      onInterrupt: (listener) => void this.#lineInterrupts.add(listener),
      abandon: () => {
        this.#isAbandoned = true
        const hadText = this.halfTyped !== ''
        this.halfTyped = ''
        return hadText
      },
      close: () => this.#lineInterrupts.clear(),
    }
  }

  /** Presses Ctrl-C while lines are read. */
  readonly ctrlC = () => {
    for (const listener of this.#lineInterrupts) listener()
  }

  async readFile(path: string): Promise<string> {
    return this.files.get(path) ?? readTextFile(path)
  }

  async writeFile(path: string, text: string): Promise<void> {
    this.files.set(path, text)
  }

  async readInput(): Promise<string> {
    return this.input
  }

  onInterrupt(listener: () => void): () => void {
    this.#interrupts.add(listener)
    return () => this.#interrupts.delete(listener)
  }

  onTerminate(listener: () => void): () => void {
    this.#terminations.add(listener)
    return () => this.#terminations.delete(listener)
  }

  listen = listen
  post = post

  /** Sends SIGTERM. */
  terminate(): void {
    for (const listener of this.#terminations) listener()
  }

  /** Presses Ctrl-C; returns whether there was a listener (otherwise the program would end). */
  interrupt(): boolean {
    for (const listener of this.#interrupts) listener()
    return this.#interrupts.size > 0
  }
}
