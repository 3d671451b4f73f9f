/** Numbers as they are shown. */

const NONE = '–'
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** `1,234,567`. */
export function whole(value: number | undefined): string {
  return value === undefined ? NONE : Math.round(value).toLocaleString('en')
}

/** Three significant digits: `0.12`, `12.3`, `1,234`. */
export function digits(value: number | undefined): string {
  if (value === undefined) return NONE
  return value.toLocaleString('en', {
    maximumFractionDigits: value < 9.995 ? 2 : value < 99.95 ? 1 : 0,
  })
}

/** `12 %`. */
export function share(part: number | undefined, of: number | undefined): string {
  return part === undefined || of === undefined || of <= 0 ? NONE : `${Math.round((100 * part) / of)} %`
}

/** `3.1 MB`. */
export function bytes(count: number | undefined): string {
  if (count === undefined) return NONE
  let value = count
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : digits(value)} ${UNITS[unit]}`
}

/** `45 s`, `3 min`, `2 h`, `5 days`. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return NONE
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}
