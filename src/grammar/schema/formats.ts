/**
 * Formats as regular expressions, stricter than they must be where that is simpler: no leap seconds, at most nine digits
 * of a second, e-mail addresses without quotes. Source: JSON Schema 2020-12 validation 7.3, RFC 3339, RFC 5321.
 */

const YEAR = String.raw`\d{4}`
const LEAP_YEAR = String.raw`(?:\d{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)`
const DAY = String.raw`(?:0[1-9]|1\d|2[0-8])`
const DATE = `(?:${YEAR}-(?:(?:0[1-9]|1[0-2])-${DAY}|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)|${LEAP_YEAR}-02-29)`
const CLOCK = String.raw`(?:[01]\d|2[0-3]):[0-5]\d`
const TIME = String.raw`${CLOCK}:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]${CLOCK})`
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?'
const ATOM = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,20}"

export const FORMATS: ReadonlyMap<string, string> = new Map([
  ['date', `^${DATE}$`],
  ['time', `^${TIME}$`],
  ['date-time', `^${DATE}T${TIME}$`],
  ['uuid', '^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'],
  ['email', String.raw`^${ATOM}(?:\.${ATOM}){0,2}@${LABEL}(?:\.${LABEL}){1,3}$`],
])
