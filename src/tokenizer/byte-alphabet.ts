/**
 * GPT-2's alphabet: one printable character for each byte, in which byte-level BPE vocabularies spell their tokens.
 * Printable Latin-1 stands for itself; the other bytes, in order, are U+0100 and on.
 * Source: `bytes_to_unicode` of openai/gpt-2.
 */
export const CHARACTER_OF_BYTE: readonly string[] = spell()

const byteOfCharacter = new Map(CHARACTER_OF_BYTE.map((character, byte) => [character, byte]))
const utf8 = new TextEncoder()

function spell(): string[] {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
    return String.fromCharCode(printable ? byte : next++)
  })
}

/** The bytes that a token spells; a character outside the alphabet gives its own UTF-8. */
export function bytesOfSpelling(spelling: string): Uint8Array {
  const bytes: number[] = []
  for (const character of spelling) {
    const byte = byteOfCharacter.get(character)
    if (byte === undefined) bytes.push(...utf8.encode(character))
    else bytes.push(byte)
  }
  return Uint8Array.from(bytes)
}
