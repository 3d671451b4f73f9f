import { isAsciiDigit, type Match } from './splits.js'

/** Chameleon's own tokens, which its pre-tokenizer looks for once more. */

const SENTINEL = '<sentinel:'
const IMAGE = 'IMGIMG'

/** `<sentinel:[0-9]+>` */
export const sentinel: Match = ({ text }, position, end) => {
  if (!text.startsWith(SENTINEL, position)) return position
  const first = position + SENTINEL.length
  let digits = first
  while (digits < end && isAsciiDigit(text.charCodeAt(digits))) digits++
  return digits > first && digits < end && text[digits] === '>' ? digits + 1 : position
}

/** `IMGIMG[A-I]{1,4}Z` */
export const imageToken: Match = ({ text }, position, end) => {
  if (!text.startsWith(IMAGE, position)) return position
  const first = position + IMAGE.length
  let letters = first
  while (letters < first + 4 && letters < end && text[letters] >= 'A' && text[letters] <= 'I') letters++
  return letters > first && letters < end && text[letters] === 'Z' ? letters + 1 : position
}
