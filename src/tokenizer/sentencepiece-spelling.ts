/** SentencePiece's space, U+2581. */
export const ESCAPED_SPACE = '▁'

/** The name of the token for one byte, in SentencePiece vocabularies. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
}
