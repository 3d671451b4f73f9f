import { createInterface, emitKeypressEvents, type Interface, type Key } from 'node:readline'
import { PassThrough, Writable } from 'node:stream'
import { ABANDONED, type LineOptions } from '../terminal.js'
import { HistorySearch } from './history-search.js'

export type TerminalInput = NodeJS.ReadableStream & {
  isTTY?: boolean
  setRawMode?(isRaw: boolean): unknown
  unref?(): void
}
export type TerminalOutput = NodeJS.WritableStream & { isTTY?: boolean; columns?: number }

export interface LineListeners {
  onLine(line: string): void
  onEnd(): void
  onInterrupt(): void
}

/** Lines of history. */
const HISTORY = 1000
/** Enable and disable bracketed paste, where a terminal marks the beginning and end of pasted text. */
const MARK_PASTES = '\x1b[?2004h'
const MARK_NO_PASTES = '\x1b[?2004l'

/** Readline's state of the line being typed. */
interface Editing {
  line: string
  cursor: number
  /** The row of the cursor when the line was last drawn, counted from that of the prompt. */
  prevRows: number
}

/**
 * A line editor for a terminal: Node's readline, which receives its keys from here. So a text of several lines is one line
 * and one history entry, Ctrl-R searches the history, and while no line is being read, typed keys do not appear in the
 * program's output.
 */
export class LineEditor {
  readonly #input: TerminalInput
  readonly #output: TerminalOutput
  readonly #options: LineOptions
  readonly #reader: Interface
  readonly #editing: Editing
  readonly #search: HistorySearch
  #prompt = ''
  /** Whether a line is being read, so that typed keys are echoed. */
  #isShown = false
  /** Text pasted so far, during a paste. */
  #paste: string | undefined

  constructor(
    input: TerminalInput,
    output: TerminalOutput,
    options: LineOptions,
    { onLine, onEnd, onInterrupt }: LineListeners,
  ) {
    this.#input = input
    this.#output = output
    this.#options = options
    this.#reader = createInterface({
      input: noKeys(input),
      output: this.#screen(),
      terminal: true,
      historySize: HISTORY,
      removeHistoryDuplicates: true,
      completer: (text: string) => [options.complete?.(text) ?? [], text],
    })
    // Readline's own fields; they are public, but typed as read-only or not at all.
    this.#editing = this.#reader as unknown as Editing
    this.#search = new HistorySearch()
    this.#reader.on('line', (line) => {
      this.#isShown = false
      onLine(line)
    })
    this.#reader.on('history', (entries: string[]) => this.#search.setEntries(entries))
    this.#reader.on('close', onEnd)
    this.#reader.on('SIGINT', onInterrupt)
    // A shell that was in the foreground in between has disabled them.
    this.#reader.on('SIGCONT', () => output.write(MARK_PASTES))
    emitKeypressEvents(input)
    input.on('keypress', this.#pressed)
    input.on('end', this.#ended)
    input.resume()
    output.on('resize', this.#resized)
    output.write(MARK_PASTES)
  }

  ask(prompt: string): void {
    this.#prompt = prompt
    this.#isShown = true
    this.#reader.setPrompt(prompt)
    this.#editing.prevRows = 0
    this.#reader.prompt(true)
  }

  show(prompt: string, line: string | typeof ABANDONED): void {
    if (line !== ABANDONED) this.#output.write(`${prompt}${line}\n`)
  }

  clear(): boolean {
    const hadText = this.#editing.line !== '' || this.#paste !== undefined
    this.#paste = undefined
    if (this.#search.isActive) this.#endSearch({ keeps: true })
    this.#replace('', 0)
    this.#isShown = false
    return hadText
  }

  close(): void {
    this.#input.off('keypress', this.#pressed)
    this.#input.off('end', this.#ended)
    this.#output.off('resize', this.#resized)
    this.#output.write(MARK_NO_PASTES)
    this.#reader.close()
    this.#input.pause()
  }

  /** The output for readline: emits no resize events, and drops writes while no line is being read. */
  #screen(): Writable {
    const output = this.#output
    const screen = new Writable({
      decodeStrings: false,
      write: (text: string, _encoding, done) => {
        if (this.#isShown) output.write(text)
        done()
      },
    })
    return Object.defineProperty(screen, 'columns', { get: () => output.columns })
  }

  readonly #ended = (): void => this.#reader.close()

  /**
   * The terminal has rewrapped the line to its new width and moved the cursor with the text, so drawing must start at the
   * prompt's new row.
   */
  readonly #resized = (): void => {
    if (!this.#isShown) return
    this.#editing.prevRows = this.#reader.getCursorPos().rows
    this.#reader.prompt(true)
  }

  readonly #pressed = (text: string | undefined, key: Key): void => {
    if (key.name === 'paste-start') {
      if (this.#search.isActive) this.#endSearch({ keeps: true })
      this.#paste = ''
    } else if (key.name === 'paste-end') {
      this.#insert(pastedText(this.#paste ?? ''), this.#editing.cursor)
      this.#paste = undefined
    } else if (this.#paste !== undefined) {
      this.#paste += text ?? key.sequence ?? ''
    } else if (this.#search.isActive) {
      this.#searchKey(text, key)
    } else {
      this.#key(text, key)
    }
  }

  #key(text: string | undefined, key: Key): void {
    const { line, cursor } = this.#editing
    const isEnter = key.name === 'return' || key.name === 'enter'
    if (isEnter && key.meta) this.#insert('\n', cursor)
    else if (isEnter && this.#options.continues?.(line)) this.#insert('\n', line.length)
    else if (key.ctrl && key.name === 'r' && this.#isShown) this.#startSearch()
    else this.#reader.write(text ?? '', key)
  }

  #insert(text: string, at: number): void {
    const { line } = this.#editing
    this.#replace(line.slice(0, at) + text + line.slice(at), at + text.length)
  }

  #replace(line: string, cursor: number): void {
    this.#editing.line = line
    this.#editing.cursor = cursor
    // Even if nothing is shown: readline keeps track of rows.
    this.#reader.prompt(true)
  }

  #startSearch(): void {
    const { line, cursor } = this.#editing
    this.#search.start({ line, cursor })
    this.#showSearch()
  }

  #searchKey(text: string | undefined, key: Key): void {
    const isCancelled = key.name === 'escape' || (key.ctrl && (key.name === 'g' || key.name === 'c'))
    if (isCancelled) {
      this.#endSearch({ keeps: false })
      return
    }
    if (key.ctrl && key.name === 'r') this.#search.older()
    else if (key.name === 'backspace') this.#search.shorten()
    else if (text && !key.ctrl && !key.meta && isPrintable(text)) this.#search.extend(text)
    else {
      this.#endSearch({ keeps: true })
      this.#key(text, key)
      return
    }
    this.#showSearch()
  }

  #showSearch(): void {
    const { query, found } = this.#search
    this.#reader.setPrompt(
      `(search${found === undefined && query !== '' ? ' finds nothing' : ''}: ${query}) `,
    )
    const line = found ?? ''
    this.#replace(line, Math.max(0, line.indexOf(query)))
  }

  /** `keeps`: whether the line becomes the found entry, instead of the line from before the search. */
  #endSearch({ keeps }: { readonly keeps: boolean }): void {
    const before = this.#search.end()
    this.#reader.setPrompt(this.#prompt)
    if (keeps && this.#editing.line !== '') this.#replace(this.#editing.line, this.#editing.line.length)
    else this.#replace(before.line, before.cursor)
  }
}

/** An input without keys that still switches the terminal's raw mode. */
function noKeys(input: TerminalInput): NodeJS.ReadableStream {
  return Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => input.setRawMode?.(isRaw),
  })
}

/** Converts a terminal's carriage returns to line feeds, and removes control characters, which would move the cursor. */
function pastedText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  return text.replace(/\r\n?/g, '\n').replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, '')
}

function isPrintable(text: string): boolean {
  return /^\P{Cc}+$/u.test(text)
}
