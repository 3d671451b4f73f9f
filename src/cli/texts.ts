import type { Terminal } from '../platform/terminal.js'
import { UsageError } from './arguments/usage-error.js'

/** The arguments, with `-` replaced by the lines of standard input. */
export async function readTexts(given: readonly string[], terminal: Terminal): Promise<string[]> {
  if (given.filter((text) => text === '-').length > 1) {
    throw new UsageError('standard input can be read only once: write - for one TEXT')
  }
  const texts: string[] = []
  for (const text of given) {
    if (text === '-') texts.push(...lines(await terminal.readInput()))
    else texts.push(text)
  }
  if (texts.length === 0) throw new UsageError('standard input has no text')
  return texts
}

function lines(text: string): string[] {
  const found = text.split(/\r?\n/)
  // The last line break does not start another line.
  if (found.at(-1) === '') found.pop()
  return found
}
