/** Escapes that stand for one character. */
const SHORT: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** The number of hexadecimal digits of an escape for a code point. */
const DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** Characters that `\N{…}` supports: common typographic ones. Python supports the names of all of Unicode. */
const NAMED: Readonly<Record<string, string>> = {
  'NO-BREAK SPACE': '\u00a0',
  'ZERO WIDTH SPACE': '\u200b',
  'ZERO WIDTH NON-JOINER': '\u200c',
  'ZERO WIDTH JOINER': '\u200d',
  'WORD JOINER': '\u2060',
  'BYTE ORDER MARK': '\ufeff',
  'ZERO WIDTH NO-BREAK SPACE': '\ufeff',
  'SOFT HYPHEN': '\u00ad',
  'EN SPACE': '\u2002',
  'EM SPACE': '\u2003',
  'THIN SPACE': '\u2009',
  'NARROW NO-BREAK SPACE': '\u202f',
  'LINE SEPARATOR': '\u2028',
  'PARAGRAPH SEPARATOR': '\u2029',
  HYPHEN: '\u2010',
  'NON-BREAKING HYPHEN': '\u2011',
  'FIGURE DASH': '\u2012',
  'EN DASH': '\u2013',
  'EM DASH': '\u2014',
  'HORIZONTAL BAR': '\u2015',
  'LEFT SINGLE QUOTATION MARK': '\u2018',
  'RIGHT SINGLE QUOTATION MARK': '\u2019',
  'LEFT DOUBLE QUOTATION MARK': '\u201c',
  'RIGHT DOUBLE QUOTATION MARK': '\u201d',
  'LEFT-POINTING DOUBLE ANGLE QUOTATION MARK': '\u00ab',
  'RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK': '\u00bb',
  BULLET: '\u2022',
  'MIDDLE DOT': '\u00b7',
  'HORIZONTAL ELLIPSIS': '\u2026',
  'DEGREE SIGN': '\u00b0',
  'SECTION SIGN': '\u00a7',
  'COPYRIGHT SIGN': '\u00a9',
  'REGISTERED SIGN': '\u00ae',
  'TRADE MARK SIGN': '\u2122',
  'EURO SIGN': '\u20ac',
  'MULTIPLICATION SIGN': '\u00d7',
  'RIGHTWARDS ARROW': '\u2192',
  'LEFTWARDS ARROW': '\u2190',
  'CHECK MARK': '\u2713',
  'HEAVY CHECK MARK': '\u2714',
  'FULLWIDTH VERTICAL LINE': '\uff5c',
  'LOWER ONE EIGHTH BLOCK': '\u2581',
  'REPLACEMENT CHARACTER': '\ufffd',
  SPACE: ' ',
  'LINE FEED': '\n',
  NULL: '\0',
}

/**
 * Resolves the escapes in the text between the quotes of a string as Python does; unknown escapes stay unchanged. `fail` is
 * called with an error message and the offset in the text.
 */
export function readEscapes(text: string, fail: (what: string, at: number) => never): string {
  if (!text.includes('\\')) return text
  const pieces: string[] = []
  let from = 0
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', from)) {
    pieces.push(text.slice(from, at))
    const [piece, end] = readEscape(text, at, fail)
    pieces.push(piece)
    from = end
  }
  pieces.push(text.slice(from))
  return pieces.join('')
}

/** The text for the escape at `at`, and the escape's end. */
function readEscape(
  text: string,
  at: number,
  fail: (what: string, at: number) => never,
): [piece: string, end: number] {
  const name = text[at + 1]
  if (Object.hasOwn(SHORT, name)) return [SHORT[name], at + 2]
  if (name >= '0' && name <= '7') {
    let end = at + 2
    while (end < at + 4 && text[end] >= '0' && text[end] <= '7') end++
    return [String.fromCharCode(Number.parseInt(text.slice(at + 1, end), 8)), end]
  }
  if (Object.hasOwn(DIGITS, name)) {
    const end = at + 2 + DIGITS[name]
    const digits = text.slice(at + 2, end)
    if (!/^[0-9a-fA-F]+$/.test(digits) || digits.length < DIGITS[name]) {
      fail(`the escape "\\${name}" needs ${DIGITS[name]} hexadecimal digits`, at)
    }
    const code = Number.parseInt(digits, 16)
    if (code > 0x10ffff) fail(`the escape "\\${name}${digits}" is beyond Unicode`, at)
    return [String.fromCodePoint(code), end]
  }
  if (name === 'N') {
    const end = text[at + 2] === '{' ? text.indexOf('}', at) : -1
    if (end < 0) fail('the escape "\\N" needs the name of a character in braces', at)
    const character = text.slice(at + 3, end).toUpperCase()
    if (!Object.hasOwn(NAMED, character)) {
      fail('the escape "\\N" has an unknown character name; write it as \\u and its code', at)
    }
    return [NAMED[character], end + 1]
  }
  // Jinja first escapes non-ASCII characters, so Python sees this backslash followed by that of the character's escape.
  const code = text.codePointAt(at + 1) as number
  if (code < 0x80) return [`\\${name}`, at + 2]
  const hex = code.toString(16)
  const spelt =
    code < 0x100 ? `x${hex}` : code < 0x10000 ? `u${hex.padStart(4, '0')}` : `U${hex.padStart(8, '0')}`
  return [`\\${spelt}`, at + 1 + (code < 0x10000 ? 1 : 2)]
}
