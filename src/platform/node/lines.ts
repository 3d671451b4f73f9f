import process from 'node:process'
import { createInterface } from 'node:readline'
import { ABANDONED, type LineOptions, type Lines } from '../terminal.js'
import { LineEditor, type LineListeners, type TerminalInput, type TerminalOutput } from './line-editor.js'

/** Reads standard input, or another stream, line by line. Lines that arrive before `next` is called are queued. */
export function nodeLines(
  input: TerminalInput = process.stdin,
  output: TerminalOutput = process.stdout,
  options: LineOptions = {},
): Lines {
  const isTerminal = input.isTTY === true && output.isTTY === true
  const waiting: (string | typeof ABANDONED)[] = []
  let isAsked = false
  let ended = false
  let wake: (() => void) | undefined
  const notify = () => {
    wake?.()
    wake = undefined
  }
  const interrupts = new Set<() => void>()
  const listeners = {
    onLine(line: string) {
      waiting.push(line)
      notify()
    },
    onEnd() {
      ended = true
      notify()
    },
    onInterrupt() {
      for (const listener of interrupts) listener()
    },
  }
  const reader: LineReader = isTerminal
    ? hasEscapeSequences()
      ? new LineEditor(input, output, options, listeners)
      : plainReader(input, output, options, listeners)
    : plainReader(input, undefined, {}, listeners)
  // In raw mode Ctrl-C is a key; elsewhere it is a signal.
  process.on('SIGINT', listeners.onInterrupt)

  return {
    isTerminal,
    async next(prompt) {
      if (waiting.length > 0) reader.show?.(prompt, waiting[0])
      else if (!ended) {
        isAsked = true
        reader.ask(prompt)
      }
      while (waiting.length === 0 && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      isAsked = false
      return waiting.shift()
    },
    onInterrupt: (listener) => void interrupts.add(listener),
    abandon() {
      waiting.length = 0
      if (!isAsked) return false
      const hadText = reader.clear()
      waiting.push(ABANDONED)
      notify()
      return hadText
    },
    close() {
      process.off('SIGINT', listeners.onInterrupt)
      reader.close()
      // A pipe that stays open must not keep the program from ending.
      input.unref?.()
    },
  }
}

/** Prompt of continuation lines, for readers that do not show several lines at once. */
const CONTINUATION = '… '

/** Reads lines for `nodeLines`. */
interface LineReader {
  /** Shows a prompt, keeping what has been typed already. */
  ask(prompt: string): void
  /** Shows a line that was typed before `next` was called. */
  show?(prompt: string, line: string | typeof ABANDONED): void
  /** Discards the line being typed; returns whether there was anything. */
  clear(): boolean
  close(): void
}

/** Deno's readline takes the marks of bracketed paste for text (2.9); a dumb terminal has no escape sequences. */
function hasEscapeSequences(): boolean {
  return process.env.TERM !== 'dumb' && !('deno' in process.versions)
}

/** Plain readline: for pipes and files, and, with an output, for terminals without escape sequences. */
function plainReader(
  input: TerminalInput,
  output: TerminalOutput | undefined,
  { continues }: LineOptions,
  { onLine, onEnd, onInterrupt }: LineListeners,
): LineReader {
  const reader = createInterface({ input, output, terminal: output !== undefined })
  /** The lines so far of a text that continues. */
  let begun: string | undefined
  reader.on('line', (line) => {
    const text = begun === undefined ? line : `${begun}\n${line}`
    begun = continues?.(text) ? text : undefined
    if (begun === undefined) onLine(text)
    else if (output) show(CONTINUATION)
  })
  reader.on('close', onEnd)
  reader.on('SIGINT', onInterrupt)
  const show = (prompt: string) => {
    reader.setPrompt(prompt)
    reader.prompt(true)
  }
  return {
    ask(prompt) {
      if (output) show(prompt)
    },
    clear() {
      const hadText = reader.line !== '' || begun !== undefined
      begun = undefined
      // Readline's own keys for it: Ctrl-E, then Ctrl-U.
      if (output && reader.line !== '') {
        reader.write(null, { ctrl: true, name: 'e' })
        reader.write(null, { ctrl: true, name: 'u' })
      }
      return hadText
    },
    close: () => reader.close(),
  }
}
