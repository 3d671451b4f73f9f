import type { Budget } from './budget.js'
import { Text } from './text.js'
import { TextBuilder } from './text-builder.js'

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
]
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** A number, its minimum number of digits, and the padding. */
interface Field {
  readonly number: number
  readonly digits: number
  readonly pad: '0' | ' '
}

const field = (number: number, digits: number, pad: '0' | ' ' = '0'): Field => ({ number, digits, pad })

const hour12 = (date: Date) => ((date.getHours() + 11) % 12) + 1
const century = (date: Date) => Math.floor(date.getFullYear() / 100)

/** Numeric directives. */
const NUMBERS: Readonly<Record<string, (date: Date) => Field>> = {
  Y: (date) => field(date.getFullYear(), 1),
  C: (date) => field(century(date), 2),
  y: (date) => field(((date.getFullYear() % 100) + 100) % 100, 2),
  m: (date) => field(date.getMonth() + 1, 2),
  d: (date) => field(date.getDate(), 2),
  e: (date) => field(date.getDate(), 2, ' '),
  H: (date) => field(date.getHours(), 2),
  k: (date) => field(date.getHours(), 2, ' '),
  I: (date) => field(hour12(date), 2),
  l: (date) => field(hour12(date), 2, ' '),
  M: (date) => field(date.getMinutes(), 2),
  S: (date) => field(date.getSeconds(), 2),
  s: (date) => field(Math.floor(date.getTime() / 1000), 1),
  j: (date) => field(dayOfYear(date) + 1, 3),
  u: (date) => field(date.getDay() || 7, 1),
  w: (date) => field(date.getDay(), 1),
  U: (date) => field(Math.floor((dayOfYear(date) + 7 - date.getDay()) / 7), 2),
  W: (date) => field(Math.floor((dayOfYear(date) + 7 - ((date.getDay() + 6) % 7)) / 7), 2),
  V: (date) => field(isoWeek(date).week, 2),
  G: (date) => field(isoWeek(date).year, 1),
  g: (date) => field(isoWeek(date).year % 100, 2),
}

/** Directives for words, and composite ones. */
const WORDS: Readonly<Record<string, (date: Date) => string>> = {
  A: (date) => DAYS[date.getDay()],
  a: (date) => DAYS[date.getDay()].slice(0, 3),
  B: (date) => MONTHS[date.getMonth()],
  b: (date) => MONTHS[date.getMonth()].slice(0, 3),
  h: (date) => MONTHS[date.getMonth()].slice(0, 3),
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  P: (date) => (date.getHours() < 12 ? 'am' : 'pm'),
  f: (date) => String(date.getMilliseconds() * 1000).padStart(6, '0'),
  // A time without a zone, as from `datetime.now()`, prints neither.
  Z: () => '',
  z: () => '',
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
  D: (date) => plain('%m/%d/%y', date),
  x: (date) => plain('%m/%d/%y', date),
  F: (date) => plain('%Y-%m-%d', date),
  T: (date) => plain('%H:%M:%S', date),
  X: (date) => plain('%H:%M:%S', date),
  R: (date) => plain('%H:%M', date),
  r: (date) => plain('%I:%M:%S %p', date),
  c: (date) => plain('%a %b %e %H:%M:%S %Y', date),
  v: (date) => plain('%e-%b-%Y', date),
}

const DIRECTIVE = /%([-_0^#]*)(\d*)([EO]?)([\s\S])/gu

/**
 * Python's `strftime` on Linux, in local time and in English, regardless of the runtime's language: with the flags and widths
 * of its C library; unknown directives stay unchanged. The output of a directive has the directive's provenance.
 */
export function strftime(format: Text, date: Date, budget: Budget): Text {
  const out = new TextBuilder(budget)
  const all = format.text
  budget.scan(all.length)
  let start = 0
  for (const match of all.matchAll(DIRECTIVE)) {
    const end = match.index + match[0].length
    budget.piece(2 * format.runs.length)
    budget.text(Number(match[2]))
    out.add(format.slice(start, match.index))
    out.add(Text.of(written(match, date), format.provenanceOf(match.index, end)))
    start = end
  }
  return out.add(format.slice(start)).text()
}

function plain(format: string, date: Date): string {
  return format.replace(DIRECTIVE, (...match) => written(match as unknown as readonly string[], date))
}

function written([whole, flags, width, , letter]: readonly string[], date: Date): string {
  const flag = (names: string) => [...flags].reverse().find((name) => names.includes(name))
  const padding = flag('-_0')
  if (Object.hasOwn(NUMBERS, letter)) {
    const { number, digits, pad } = NUMBERS[letter](date)
    const filling = padding === '_' ? ' ' : padding === '0' ? '0' : pad
    if (padding === '-') return String(number).padStart(Number(width), ' ')
    return String(number).padStart(width === '' ? digits : Number(width), filling)
  }
  if (!Object.hasOwn(WORDS, letter)) return whole
  const word = WORDS[letter](date)
  const change = letter === 'P' ? undefined : flag('^#')
  const changed =
    change === '^' || (change === '#' && letter !== 'p')
      ? word.toUpperCase()
      : change === '#'
        ? word.toLowerCase()
        : word
  return changed.padStart(Number(width), padding === '0' ? '0' : ' ')
}

function dayOfYear(date: Date): number {
  const midnight = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
  return Math.round((midnight - Date.UTC(date.getFullYear(), 0, 1)) / 86_400_000)
}

/** The week of the ISO calendar, which begins on Monday and belongs to the year of its Thursday. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(
    date.getFullYear(),
    date.getMonth(),
    date.getDate() + 3 - ((date.getDay() + 6) % 7),
  )
  return { year: thursday.getFullYear(), week: Math.floor(dayOfYear(thursday) / 7) + 1 }
}
