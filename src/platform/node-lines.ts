import process from 'node:process'
import { createInterface } from 'node:readline'
import { ABANDONED, type Lines } from './terminal.js'

/** Earlier lines that the arrow keys bring back. */
const HISTORY = 1000
/** Let a terminal mark where pasted text begins and ends, and no longer (xterm's "bracketed paste"). */
const MARK_PASTES = '\x1b[?2004h'
const MARK_NO_PASTES = '\x1b[?2004l'
/** Stands before what follows a pasted line. */
const GOES_ON = '… '

/** Standard input, or another stream, line by line. What arrives before it is asked for waits. */
export function nodeLines(
  input: NodeJS.ReadableStream & { isTTY?: boolean; unref?(): void } = process.stdin,
  output: NodeJS.WritableStream & { isTTY?: boolean } = process.stdout,
): Lines {
  const isTerminal = input.isTTY === true && output.isTTY === true
  // Deno's readline takes the marks for text (2.9).
  const marksPastes = isTerminal && process.env.TERM !== 'dumb' && !('deno' in process.versions)
  const reader = createInterface({
    input,
    output: isTerminal ? output : undefined,
    terminal: isTerminal,
    historySize: HISTORY,
    removeHistoryDuplicates: true,
  })
  const waiting: (string | typeof ABANDONED)[] = []
  /** Lines of a paste that has not been sent. */
  let pasted: string[] = []
  let isPasting = false
  let isAsked = false
  let ended = false
  let wake: (() => void) | undefined
  const notify = () => {
    wake?.()
    wake = undefined
  }
  const ask = (prompt: string, keepsCursor: boolean) => {
    reader.setPrompt(prompt)
    reader.prompt(keepsCursor)
  }
  reader.on('line', (line) => {
    if (isPasting) {
      pasted.push(line)
      if (isAsked) ask(GOES_ON, false)
      return
    }
    waiting.push([...pasted, line].join('\n'))
    pasted = []
    notify()
  })
  reader.on('close', () => {
    ended = true
    notify()
  })
  const pressed = (_: unknown, key: { name?: string } | undefined) => {
    if (key?.name === 'paste-start') isPasting = true
    else if (key?.name === 'paste-end') isPasting = false
  }
  if (marksPastes) {
    input.on('keypress', pressed)
    output.write(MARK_PASTES)
  }
  const interrupts = new Set<() => void>()
  const interrupted = () => {
    for (const listener of interrupts) listener()
  }
  // On a terminal readline sees the key itself; elsewhere there is a signal.
  reader.on('SIGINT', interrupted)
  process.on('SIGINT', interrupted)

  return {
    isTerminal,
    async next(prompt) {
      if (isTerminal && waiting.length === 0 && !ended) {
        isAsked = true
        // What has been typed meanwhile stays.
        ask(pasted.length > 0 ? GOES_ON : prompt, true)
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
      const hadText = reader.line !== '' || pasted.length > 0
      pasted = []
      isPasting = false
      if (reader.line !== '') {
        // Readline's own keys for it: Ctrl-E, then Ctrl-U.
        reader.write(null, { ctrl: true, name: 'e' })
        reader.write(null, { ctrl: true, name: 'u' })
      }
      waiting.push(ABANDONED)
      notify()
      return hadText
    },
    close() {
      process.off('SIGINT', interrupted)
      if (marksPastes) {
        input.off('keypress', pressed)
        output.write(MARK_NO_PASTES)
      }
      reader.close()
      // A pipe that stays open must not keep the program from ending.
      input.unref?.()
    },
  }
}
