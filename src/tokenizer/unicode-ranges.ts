import type { ClassifiedText } from './splits.js'

/** Inclusive ranges of code points. */
export type Ranges = readonly (readonly [first: number, last: number])[]

export function isIn(ranges: Ranges, codePoint: number): boolean {
  return ranges.some(([first, last]) => first <= codePoint && codePoint <= last)
}

/** `[一-龥぀-ゟ゠-ヿ]` */
export const HAN_AND_KANA: Ranges = [
  [0x4e00, 0x9fa5],
  [0x3040, 0x30ff],
]

/** `[一-龥ࠀ-一가-퟿]` */
export const EAST_ASIAN: Ranges = [
  [0x4e00, 0x9fa5],
  [0x800, 0x4e00],
  [0xac00, 0xd7ff],
]

/** Full-width signs and typographic quotes, beside ASCII, as deepseek-llm enumerates them. */
export const DEEPSEEK_SIGNS: Ranges = [
  [0x21, 0x2f],
  [0x3a, 0x7e],
  [0xff01, 0xff0f],
  [0xff1a, 0xff5e],
  [0x2018, 0x201f],
  [0x3000, 0x3002],
]

/** The cased letters that deepseek-llm enumerates. */
export const CASED_LETTERS: Ranges = /* @__PURE__ */ parse(
  '41-5a,61-7a,b5,c0-d6,d8-f6,f8-1ba,1bc-1bf,1c4-293,295-2af,370-373,376,377,37b-37d,37f,386,388-38a,38c,' +
    '38e-3a1,3a3-3f5,3f7-481,48a-52f,531-556,10a0-10c5,13a0-13f5,13f8-13fd,1c90-1cba,1cbd-1cbf,1d00-1d2b,' +
    '1d6b-1d77,1d79-1d9a,1e00-1f15,1f18-1f1d,1f20-1f45,1f48-1f4d,1f50-1f57,1f59,1f5b,1f5d,1f5f-1f7d,1f80-1fb4,' +
    '1fb6-1fbc,1fbe,1fc2-1fc4,1fc6-1fcc,1fd0-1fd3,1fd6-1fdb,1fe0-1fec,1ff2-1ff4,1ff6-1ffc,2102,2107,210a-2113,' +
    '2115,2119-211d,2124,2126,2128,212a-212d,212f-2134,2139,213c-213f,2145-2149,214e,2183,2184,2c00-2c7b,' +
    '2c7e-2ce4,2ceb-2cee,2cf2,2cf3,a640-a66d,a680-a69b,a722-a76f,a771-a787,a78b-a78e,ab70-abbf,fb00-fb06,' +
    'fb13-fb17,ff21-ff3a,ff41-ff5a,10400-1044f,104b0-104d3,104d8-104fb,10c80-10cb2,10cc0-10cf2,118a0-118df,' +
    '1e900-1e943',
)

/** Youtu's sets of Hangul, signs, and Bopomofo. */
export const YOUTU_HANGUL = /* @__PURE__ */ parse('ac00-d7a3,3131-318e')
export const YOUTU_SIGNS = /* @__PURE__ */ parse(
  'ff01,2026,201c,201d,2018,2019,2014,ff1a,ff1b,ff0c,3001-303f,fe30-fe4f',
)
export const YOUTU_BOPOMOFO = /* @__PURE__ */ parse('3105-312f')

/**
 * The scripts without spaces that AFMoE enumerates. The third range is meant to begin with the compatibility ideograph
 * U+F900, but begins with the character that it is equivalent to.
 */
export const AFMOE_SCRIPTS = /* @__PURE__ */ parse(
  '4e00-9fff,3400-4dbf,8c48-faff,3040-309f,30a0-30ff,ff65-ff9f,2f00-2fdf,e40-e7f,e80-eff,1780-17ff,1000-109f,' +
    'aa60-aa7f,a9e0-a9ff,ac00-d7af,1100-11ff',
)

/** What ends BLOOM's words, beside whitespace: `(|.,!?…。，、।۔،)`. */
export const BLOOM_SIGNS = /* @__PURE__ */ parse('28,29,7c,2e,2c,21,3f,2026,3002,ff0c,3001,964,6d4,60c')

/** Kimi K2's Han characters: the ideographs of Unicode, extensions A to F and the compatibility ones. */
const HAN = /* @__PURE__ */ parse('4e00-9fff,3400-4dbf,20000-2a6df,2a700-2ebef,f900-faff,2f800-2fa1f')

/** BERT's. The range that begins with 2b920 should begin with 2b820, but BERT's tokenizers agree on the error. */
const BERT_HAN = /* @__PURE__ */ parse(
  '4e00-9fff,3400-4dbf,20000-2a6df,2a700-2b81f,2b920-2ceaf,f900-faff,2f800-2fa1f',
)

/**
 * Control and format characters, private use and surrogates: categories Cc, Cf, Co and Cs of Unicode 15.1, beside which
 * class `OTHER` holds unassigned code points.
 */
const CONTROLS = /* @__PURE__ */ parse(
  '0-1f,7f-9f,ad,600-605,61c,6dd,70f,890-891,8e2,180e,200b-200f,202a-202e,2060-2064,2066-206f,d800-f8ff,feff,' +
    'fff9-fffb,110bd,110cd,13430-1343f,1bca0-1bca3,1d173-1d17a,e0001,e0020-e007f,f0000-ffffd,100000-10fffd',
)

export function isHanAt({ text }: ClassifiedText, position: number): boolean {
  return text.charCodeAt(position) >= 0x3400 && isIn(HAN, text.codePointAt(position)!)
}

/** Whether BERT's tokenizers take the character as a word of its own because it is Chinese. */
export function isBertHan(codePoint: number): boolean {
  return codePoint >= 0x3400 && isIn(BERT_HAN, codePoint)
}

export function isControlCharacter(codePoint: number): boolean {
  return isIn(CONTROLS, codePoint)
}

/** Ranges and single code points in hexadecimal, separated by commas. */
function parse(list: string): Ranges {
  return list.split(',').map((range): [number, number] => {
    const [first, last = first] = range.split('-').map((digits) => Number.parseInt(digits, 16))
    return [first, last]
  })
}
