/** Python's character classes and case changes, where JavaScript differs. */

/** White space for Python's `str.isspace` and `str.strip`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts separators among them
const BLANK = /[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

export function isBlank(character: string): boolean {
  return BLANK.test(character)
}

/** UTF-16 units of the character at `at`. */
export function unitsAt(text: string, at: number): 1 | 2 {
  return text.codePointAt(at)! > 0xffff ? 2 : 1
}

/** The start and end of a text without the characters at its ends for which `drops` holds. */
export function stripBounds(
  text: string,
  drops: (character: string) => boolean,
  { left = true, right = true }: { left?: boolean; right?: boolean } = {},
): [start: number, end: number] {
  let start = 0
  let end = text.length
  while (left && start < end) {
    const next = start + unitsAt(text, start)
    if (!drops(text.slice(start, next))) break
    start = next
  }
  while (right && end > start) {
    const next = end - (end > 1 && unitsAt(text, end - 2) === 2 ? 2 : 1)
    if (!drops(text.slice(next, end))) break
    end = next
  }
  return [start, end]
}

/** Digits that are not decimal: superscripts, circled digits and the like. */
const DIGITS =
  '\\u{b2}-\\u{b3}\\u{b9}\\u{1369}-\\u{1371}\\u{19da}\\u{2070}\\u{2074}-\\u{2079}\\u{2080}-\\u{2089}\\u{2460}-\\u{2468}\\u{2474}-\\u{247c}\\u{2488}-\\u{2490}\\u{24ea}\\u{24f5}-\\u{24fd}\\u{24ff}\\u{2776}-\\u{277e}\\u{2780}-\\u{2788}\\u{278a}-\\u{2792}\\u{10a40}-\\u{10a43}\\u{10e60}-\\u{10e68}\\u{11052}-\\u{1105a}\\u{1f100}-\\u{1f10a}'
/** Chinese characters that have a numeric value. */
const NUMERALS =
  '\\u{3405}\\u{3483}\\u{382a}\\u{3b4d}\\u{4e00}\\u{4e03}\\u{4e07}\\u{4e09}\\u{4e5d}\\u{4e8c}\\u{4e94}\\u{4e96}\\u{4ebf}-\\u{4ec0}\\u{4edf}\\u{4ee8}\\u{4f0d}\\u{4f70}\\u{5104}\\u{5146}\\u{5169}\\u{516b}\\u{516d}\\u{5341}\\u{5343}-\\u{5345}\\u{534c}\\u{53c1}-\\u{53c4}\\u{56db}\\u{58f1}\\u{58f9}\\u{5e7a}\\u{5efe}-\\u{5eff}\\u{5f0c}-\\u{5f0e}\\u{5f10}\\u{62fe}\\u{634c}\\u{67d2}\\u{6f06}\\u{7396}\\u{767e}\\u{8086}\\u{842c}\\u{8cae}\\u{8cb3}\\u{8d30}\\u{9621}\\u{9646}\\u{964c}\\u{9678}\\u{96f6}\\u{f96b}\\u{f973}\\u{f978}\\u{f9b2}\\u{f9d1}\\u{f9d3}\\u{f9fd}\\u{20001}\\u{20064}\\u{200e2}\\u{20121}\\u{2092a}\\u{20983}\\u{2098c}\\u{2099c}\\u{20aea}\\u{20afd}\\u{20b19}\\u{22390}\\u{22998}\\u{23b1b}\\u{2626d}\\u{2f890}'

const all = (kind: string) => {
  const pattern = new RegExp(`^[${kind}]+$`, 'u')
  return (text: string) => pattern.test(text)
}

/** `str.isalpha` and its relatives; the text may be empty. */
export const PREDICATES = {
  isalpha: all('\\p{L}'),
  isdecimal: all('\\p{Nd}'),
  isdigit: all(`\\p{Nd}${DIGITS}`),
  isnumeric: all(`\\p{N}${NUMERALS}`),
  isalnum: all(`\\p{L}\\p{N}${NUMERALS}`),
  isspace: (text: string) => text !== '' && !Array.from(text).some((character) => !isBlank(character)),
  isascii: (text: string) => /^[\0-\x7f]*$/.test(text),
  isidentifier: (text: string) => /^[_\p{XID_Start}][\p{XID_Continue}]*$/u.test(text),
  isprintable: (text: string) => !UNPRINTABLE.test(text),
  isupper: (text: string) => /\p{Cased}/u.test(text) && !/[\p{Ll}\p{Lt}]|\p{Lowercase}/u.test(text),
  islower: (text: string) => /\p{Cased}/u.test(text) && !/[\p{Lu}\p{Lt}]|\p{Uppercase}/u.test(text),
  istitle: isTitle,
} as const

/** Characters that `repr` escapes. */
export const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u

function isTitle(text: string): boolean {
  let isInWord = false
  let hasCased = false
  for (const character of text) {
    const isCased = /\p{Cased}/u.test(character)
    const isUpper = isCased && /[\p{Lt}\p{Uppercase}]/u.test(character)
    if (isCased && isUpper === isInWord) return false
    isInWord = isCased
    hasCased ||= isCased
  }
  return hasCased
}

/** Exceptions of title case: digraphs, and Georgian, whose title case is the letter itself. */
const TITLE_FORMS: readonly (readonly [pattern: RegExp, title: string | undefined])[] = [
  [/^[Ǆǅǆ]$/, 'ǅ'],
  [/^[Ǉǈǉ]$/, 'ǈ'],
  [/^[Ǌǋǌ]$/, 'ǋ'],
  [/^[Ǳǲǳ]$/, 'ǲ'],
  [/^ŉ$/, 'ʼN'],
  [/^[\u10d0-\u10fa\u10fd-\u10ff]$/, undefined],
]

function titleCase(character: string): string {
  if (character <= '\x7f') return character.toUpperCase()
  const form = TITLE_FORMS.find(([pattern]) => pattern.test(character))
  if (form) return form[1] ?? character
  const upper = character.toUpperCase()
  const first = String.fromCodePoint(upper.codePointAt(0)!)
  return first + upper.slice(first.length).toLowerCase()
}

/** Python's case changes. */
export const CASES = {
  upper: (text: string) => text.toUpperCase(),
  lower: (text: string) => text.toLowerCase(),
  title: (text: string) =>
    text.replace(/\p{Cased}+/gu, (word) => {
      const first = String.fromCodePoint(word.codePointAt(0)!)
      return titleCase(first) + word.slice(first.length).toLowerCase()
    }),
  capitalize: (text: string) => {
    if (text === '') return ''
    const first = String.fromCodePoint(text.codePointAt(0)!)
    return titleCase(first) + text.slice(first.length).toLowerCase()
  },
  swapcase: (text: string) =>
    text.replace(/\p{Uppercase}|\p{Lowercase}/gu, (character) =>
      /\p{Uppercase}/u.test(character) ? character.toLowerCase() : character.toUpperCase(),
    ),
  casefold: (text: string) =>
    text.replace(/[^\0-\x40\x5b-\x7f]/gu, (character) => {
      if (character === 'ı') return character
      if (character === 'ẞ') return 'ss'
      // Cherokee folds to its capitals.
      if (/^[\u13a0-\u13f5\u13f8-\u13fd\uab70-\uabbf]$/.test(character)) return character.toUpperCase()
      return character.toUpperCase().toLowerCase()
    }),
} as const

/** Compares by code points, whose order differs from that of UTF-16 units. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    const isPair = (unit: number) => unit >= 0xd800 && unit <= 0xdfff
    // Surrogates stand for characters above all single units.
    if (isPair(x) !== isPair(y)) return isPair(x) ? 1 : -1
    return x - y
  }
  return a.length - b.length
}
