import { readTextFile } from '../../src/platform/node-terminal.js'
import type { Output, Terminal } from '../../src/platform/terminal.js'

/** A terminal that keeps what is written to it. */
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

  /** `watched`: whether the outputs are terminals rather than files or pipes. */
  constructor({ watched = false } = {}) {
    this.stdout = {
      isTerminal: watched,
      write: async (text) => {
        this.out += text
        this.onOutput()
      },
    }
    this.stderr = {
      isTerminal: watched,
      write: async (text) => {
        this.err += text
      },
    }
  }

  async readInput(): Promise<string> {
    return this.input
  }

  readonly readFile = readTextFile

  onInterrupt(listener: () => void): () => void {
    this.#interrupts.add(listener)
    return () => this.#interrupts.delete(listener)
  }

  /** Presses Ctrl-C; says whether anyone listened, for otherwise the program would end. */
  interrupt(): boolean {
    for (const listener of this.#interrupts) listener()
    return this.#interrupts.size > 0
  }
}
