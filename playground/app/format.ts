/** Numbers as they are shown. */

const UNITS = ['B', 'kB', 'MB', 'GB'] as const

/** `3.1 MB`: decimal units, three digits. */
export function bytes(count: number): string {
  let value = count
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : digits(value)} ${UNITS[unit]}`
}

/** Three significant digits, without exponent: `0.123`, `12.3`, `1234`. */
export function digits(value: number): string {
  const rounded = Math.abs(Number(value.toPrecision(3)))
  const magnitude = rounded === 0 ? 0 : Math.floor(Math.log10(rounded))
  return value.toFixed(Math.min(4, Math.max(0, 2 - magnitude)))
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.0995 ? 2 : 1)} %`
}

/** `45 s`, `3 min`, `2 h`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

/** `1,234,567`. */
export function whole(value: number): string {
  return value.toLocaleString('en')
}
