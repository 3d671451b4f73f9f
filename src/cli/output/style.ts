import type { Output } from '../../platform/terminal.js'
import { printable } from './printable.js'

/** Text styles for terminals with colours, as numbers of escape sequences. */
const STYLES = { dim: [2, 22], bold: [1, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const

export type Style = keyof typeof STYLES

/** Applies a style if the output has colours. On a terminal, control characters in the text are made visible. */
export function styled({ hasColors, isTerminal }: Output, style: Style, text: string): string {
  const shown = isTerminal ? printable(text) : text
  if (!hasColors || shown === '') return shown
  const [on, off] = STYLES[style]
  // Per line: a style that spans a line break would also colour the output of others.
  return shown.replace(/[^\n]+/g, (line) => `\x1b[${on}m${line}\x1b[${off}m`)
}

/** Writes untrusted text in a style. */
export function printStyled(output: Output, style: Style, text: string): Promise<void> {
  return output.write(styled(output, style, text))
}
