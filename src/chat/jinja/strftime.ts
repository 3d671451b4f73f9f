const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
]
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

const two = (number: number) => String(number).padStart(2, '0')

const FIELDS: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => String(date.getFullYear()),
  y: (date) => two(date.getFullYear() % 100),
  m: (date) => two(date.getMonth() + 1),
  d: (date) => two(date.getDate()),
  e: (date) => String(date.getDate()).padStart(2, ' '),
  B: (date) => MONTHS[date.getMonth()],
  b: (date) => MONTHS[date.getMonth()].slice(0, 3),
  A: (date) => DAYS[date.getDay()],
  a: (date) => DAYS[date.getDay()].slice(0, 3),
  H: (date) => two(date.getHours()),
  I: (date) => two(((date.getHours() + 11) % 12) + 1),
  M: (date) => two(date.getMinutes()),
  S: (date) => two(date.getSeconds()),
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  '%': () => '%',
}

/** C's `strftime` in local time and in English, whatever the runtime's language is. A minus drops leading zeros. */
export function strftime(format: string, date: Date): string {
  return format.replace(/%(-?)(.)/gs, (whole, minus: string, field: string) => {
    if (!Object.hasOwn(FIELDS, field)) return whole
    const text = FIELDS[field](date)
    return minus === '' ? text : text.replace(/^[0 ]+(?=.)/, '')
  })
}
