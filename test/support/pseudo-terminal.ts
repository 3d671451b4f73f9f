import { PassThrough } from 'node:stream'
import { post } from '../../src/platform/node/http-client.js'
import { listen } from '../../src/platform/node/http-server.js'
import { nodeLines } from '../../src/platform/node/lines.js'
import { modelTools } from '../../src/platform/node/model-tools.js'
import { readTextFile } from '../../src/platform/node/terminal.js'
import type { LineOptions, Lines, Output, Terminal } from '../../src/platform/terminal.js'
import { Screen } from './screen.js'

/** The line editor waits this long for the rest of an escape sequence, so keys are not typed faster. */
const BETWEEN_KEYS = 0

/** A simulated terminal: keys go through the real line editor, and all output to one screen. */
export class PseudoTerminal implements Terminal {
  readonly screen: Screen
  readonly stdout: Output
  readonly stderr: Output
  readonly debug = false
  readonly inputIsTerminal = true
  readonly availableMemory = 2 ** 32
  readonly modelTools = modelTools
  readonly hub = {}
  readonly #input = Object.assign(new PassThrough(), { isTTY: true })
  readonly #output: PassThrough & { isTTY: boolean; columns: number }
  /** Called when the program reads a line. */
  #asked: () => void = () => {}
  #isAsking = false

  constructor({ columns = 80, hasColors = false } = {}) {
    const screen = new Screen(columns)
    const write = async (text: string) => screen.write(text)
    const output = Object.assign(new PassThrough(), { isTTY: true, columns })
    output.on('data', (bytes) => screen.write(String(bytes)))
    this.screen = screen
    this.#output = output
    this.stdout = this.stderr = {
      isTerminal: true,
      hasColors,
      get columns() {
        return output.columns
      },
      write,
    }
  }

  openLines(options?: LineOptions): Lines {
    const lines = nodeLines(this.#input, this.#output, options)
    return {
      ...lines,
      next: (prompt) => {
        const next = lines.next(prompt)
        this.#isAsking = true
        this.#asked()
        return next.finally(() => {
          this.#isAsking = false
        })
      },
    }
  }

  /** Resolves when the program reads a line. */
  async asked(): Promise<void> {
    if (!this.#isAsking) {
      await new Promise<void>((resolve) => {
        this.#asked = resolve
      })
    }
    await this.#settle()
  }

  /** Presses keys, one after another; a string of several characters is one key if it is an escape sequence. */
  async type(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      for (const part of key.startsWith('\x1b') ? [key] : key) {
        this.#input.write(part)
        await this.#settle()
      }
    }
  }

  /** Resizes the window to another width. */
  async resize(columns: number): Promise<void> {
    this.screen.resize(columns)
    this.#output.columns = columns
    this.#output.emit('resize')
    await this.#settle()
  }

  readInput = async () => ''
  readFile = readTextFile
  async writeFile(): Promise<void> {}
  onTerminate(): () => void {
    return () => {}
  }

  listen = listen
  post = post

  onInterrupt(): () => void {
    return () => {}
  }

  #settle(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, BETWEEN_KEYS))
  }
}
