import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Lines } from './terminal.js'

/** Earlier lines that the arrow keys bring back. */
const HISTORY = 1000

/** Standard input of this process, line by line. What arrives before it is asked for waits. */
export function nodeLines(): Lines {
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true
  const reader = createInterface({
    input: process.stdin,
    output: isTerminal ? process.stdout : undefined,
    terminal: isTerminal,
    historySize: HISTORY,
    removeHistoryDuplicates: true,
  })
  const waiting: string[] = []
  let ended = false
  let wake: (() => void) | undefined
  const notify = () => {
    wake?.()
    wake = undefined
  }
  reader.on('line', (line) => {
    waiting.push(line)
    notify()
  })
  reader.on('close', () => {
    ended = true
    notify()
  })
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
        reader.setPrompt(prompt)
        // What has been typed meanwhile stays.
        reader.prompt(true)
      }
      while (waiting.length === 0 && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return waiting.shift()
    },
    onInterrupt: (listener) => void interrupts.add(listener),
    clear() {
      // Readline's own key for it: Ctrl-E, then Ctrl-U.
      reader.write(null, { ctrl: true, name: 'e' })
      reader.write(null, { ctrl: true, name: 'u' })
    },
    close() {
      process.off('SIGINT', interrupted)
      reader.close()
      // A pipe that stays open must not keep the program from ending.
      process.stdin.unref?.()
    },
  }
}
