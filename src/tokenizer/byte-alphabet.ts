/**
 * GPT-2's byte alphabet: one printable character per byte, with which byte-level BPE vocabularies spell their tokens.
 * Printable Latin-1 bytes map to themselves; the others, in order, to U+0100 and up.
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

/** The bytes that a token spells; a character outside the alphabet is encoded as UTF-8. */
export function bytesOfSpelling(spelling: string): Uint8Array {
  const bytes: number[] = []
  for (const character of spelling) {
    const byte = byteOfCharacter.get(character)
    if (byte === undefined) bytes.push(...utf8.encode(character))
    else bytes.push(byte)
  }
  return Uint8Array.from(bytes)
}
