/**
 * Formats as regular expressions, stricter than required where that is simpler: no leap seconds, at most nine fractional
 * digits of seconds, e-mail addresses without quotes, URIs of common schemes with host names. Source: JSON Schema
 * 2020-12 validation 7.3, RFC 3339, RFC 5321, RFC 1123, RFC 4291, RFC 3986, RFC 6901.
 */

const YEAR = String.raw`\d{4}`
const LEAP_YEAR = String.raw`(?:\d{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)`
const DAY = String.raw`(?:0[1-9]|1\d|2[0-8])`
const DATE = `(?:${YEAR}-(?:(?:0[1-9]|1[0-2])-${DAY}|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)|${LEAP_YEAR}-02-29)`
const CLOCK = String.raw`(?:[01]\d|2[0-3]):[0-5]\d`
const TIME = String.raw`${CLOCK}:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]${CLOCK})`
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?'
const ATOM = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,20}"

const EMAIL = String.raw`^${ATOM}(?:\.${ATOM}){0,2}@${LABEL}(?:\.${LABEL}){1,3}$`
const HOST = String.raw`${LABEL}(?:\.${LABEL}){0,3}`
const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`
const GROUP = '[0-9a-fA-F]{1,4}'
/** Eight groups, or fewer around `::`. */
const IPV6 = [
  `(?:${GROUP}:){7}${GROUP}`,
  `(?:${GROUP}:){1,7}:`,
  ...[1, 2, 3, 4, 5, 6].map((after) => `(?:${GROUP}:){1,${7 - after}}(?::${GROUP}){1,${after}}`),
  `:(?::${GROUP}){1,7}`,
  '::',
].join('|')
const IN_PATH = String.raw`(?:[\w.~!$&'()*+,;=:@-]|%[0-9a-fA-F]{2})`
const PATH = `(?:/${IN_PATH}*)*(?:[?](?:${IN_PATH}|[/?])*)?(?:#(?:${IN_PATH}|[/?])*)?`
const URI = String.raw`(?:https?|ftp|wss?)://${HOST}(?::\d{1,4})?${PATH}|(?:mailto|urn|tel|data):${IN_PATH}+`
/** Years to days, and hours to seconds after T; or weeks. At least one part is required, also after T. */
const DURATION = String.raw`P(?=.)(?:(?:\d{1,9}Y)?(?:\d{1,9}M)?(?:\d{1,9}D)?(?:T(?=.)(?:\d{1,9}H)?(?:\d{1,9}M)?(?:\d{1,9}S)?)?|\d{1,9}W)`

export const FORMATS: ReadonlyMap<string, string> = new Map([
  ['date', `^${DATE}$`],
  ['time', `^${TIME}$`],
  ['date-time', `^${DATE}T${TIME}$`],
  ['uuid', '^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'],
  ['email', EMAIL],
  ['idn-email', EMAIL],
  ['duration', `^${DURATION}$`],
  ['hostname', `^${HOST}$`],
  ['idn-hostname', `^${HOST}$`],
  ['ipv4', String.raw`^${OCTET}(?:\.${OCTET}){3}$`],
  ['ipv6', `^(?:${IPV6})$`],
  ['uri', `^(?:${URI})$`],
  ['iri', `^(?:${URI})$`],
  ['uri-reference', `^(?:${URI}|/${IN_PATH}*${PATH})$`],
  ['iri-reference', `^(?:${URI}|/${IN_PATH}*${PATH})$`],
  ['json-pointer', '^(?:/(?:[^/~]|~[01])*)*$'],
])
