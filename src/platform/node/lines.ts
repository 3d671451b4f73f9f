import process from 'node:process'
import { createInterface } from 'node:readline'
import { ABANDONED, type LineOptions, type Lines } from '../terminal.js'
import { LineEditor, type LineListeners, type TerminalInput, type TerminalOutput } from './line-editor.js'

/** Standard input, or another stream, line by line. What arrives before it is asked for waits. */
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
  // A terminal that is read key by key has a key for it; elsewhere there is a signal.
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

/** Stands before what continues a line, where the editor does not show both at once. */
const GOES_ON = '… '

/** What reads lines for `nodeLines`. */
interface LineReader {
  /** Shows a prompt; what has been typed meanwhile stays. */
  ask(prompt: string): void
  /** Shows a line that was typed before it was asked for. */
  show?(prompt: string, line: string | typeof ABANDONED): void
  /** Throws away what is typed of a line; whether there was anything. */
  clear(): boolean
  close(): void
}

/** Deno's readline takes the marks of pastes for text (2.9); a dumb terminal knows none. */
function hasEscapeSequences(): boolean {
  return process.env.TERM !== 'dumb' && !('deno' in process.versions)
}

/** Node's readline alone, for pipes and files, and for terminals without escape sequences where there is an output. */
function plainReader(
  input: TerminalInput,
  output: TerminalOutput | undefined,
  { continues }: LineOptions,
  { onLine, onEnd, onInterrupt }: LineListeners,
): LineReader {
  const reader = createInterface({ input, output, terminal: output !== undefined })
  /** What has been typed of a text that goes on. */
  let begun: string | undefined
  reader.on('line', (line) => {
    const text = begun === undefined ? line : `${begun}\n${line}`
    begun = continues?.(text) ? text : undefined
    if (begun === undefined) onLine(text)
    else if (output) show(GOES_ON)
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
