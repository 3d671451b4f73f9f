import type { Output } from '../../platform/terminal.js'
import { printable } from './printable.js'

/** How text stands out on a terminal with colours, as numbers of the escape sequences for it. */
const STYLES = { dim: [2, 22], bold: [1, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const

export type Style = keyof typeof STYLES

/** The text in a style where the output has colours. Its own control characters are made visible on a terminal. */
export function styled({ hasColors, isTerminal }: Output, style: Style, text: string): string {
  const shown = isTerminal ? printable(text) : text
  if (!hasColors || shown === '') return shown
  const [on, off] = STYLES[style]
  // Line by line: a style that goes on over the end of a line would colour what others write there.
  return shown.replace(/[^\n]+/g, (line) => `\x1b[${on}m${line}\x1b[${off}m`)
}

/** Writes text that may come from outside in a style. */
export function printStyled(output: Output, style: Style, text: string): Promise<void> {
  return output.write(styled(output, style, text))
}
