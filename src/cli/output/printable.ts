import type { Output } from '../../platform/terminal.js'

/**
 * Makes control characters visible: generated text and names in model files must not move the cursor, change the window's
 * title or write to the clipboard. Line feeds and tabs are kept.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what it matches
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, (character) => {
    const code = character.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '\u2421' : '\ufffd'
  })
}

/** Writes untrusted text: unchanged to files and pipes, printable on a terminal. */
export function print(output: Output, text: string): Promise<void> {
  return output.write(output.isTerminal ? printable(text) : text)
}

/** A text truncated to 60 characters. */
export function brief(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
