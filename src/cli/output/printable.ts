import type { Output } from '../../platform/terminal.js'

/**
 * Makes control characters visible: a model's text, or a name in a model's file, must not move the cursor, retitle
 * the window or write to the clipboard. Line feeds and tabs stay.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, (character) => {
    const code = character.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '\u2421' : '\ufffd'
  })
}

/** Writes text that may come from outside: unchanged into files and pipes, printable on a terminal. */
export function print(output: Output, text: string): Promise<void> {
  return output.write(output.isTerminal ? printable(text) : text)
}

/** The beginning of a text, where all of it would be too much. */
export function brief(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
