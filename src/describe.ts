/** Most characters of a value that a message quotes. */
const MAX_QUOTED = 100
/** Most characters of another error's message that one of ours repeats. */
const MAX_FAILURE = 200
/** Longest name that is shown unchanged. */
const MAX_NAME = 200
/** Levels of arrays and objects that are shown. */
const MAX_DEPTH = 3

/**
 * Formats an untrusted value for an error message: as JSON if possible, on one line, truncated to about 100 characters.
 * Never throws, whatever the value's `toString`, getters or proxy handlers do, and reads no more of it than it quotes.
 */
export function describeValue(value: unknown): string {
  let text = ''
  try {
    for (const part of parts(value, 0)) {
      text += part
      if (text.length > MAX_QUOTED + QUOTES_AND_ELLIPSIS) return `${text.slice(0, MAX_QUOTED)}…`
    }
    return text
  } catch {
    return typeof value === 'function' ? 'a function' : 'an object that cannot be read'
  }
}

/** Formats what foreign code threw: an error's message, on one line, truncated to about 200 characters. */
export function describeFailure(reason: unknown): string {
  try {
    const message = reason instanceof Error ? (reason.message as unknown) : reason
    return typeof message === 'string' ? escaped(message, MAX_FAILURE) : describeValue(message)
  } catch {
    return 'an error that cannot be read'
  }
}

/**
 * Formats the name of a file, URL or tensor for an error message: unchanged if it is printable and not too long, otherwise
 * quoted by `describeValue`. Names are untrusted: one with a line feed could forge a line in a log.
 */
export function displayName(name: string): string {
  const isPlain = name !== '' && name.length <= MAX_NAME && !INVISIBLE.test(name)
  return isPlain ? name : describeValue(name)
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** A human-readable number of bytes: `3.0 MiB`. */
export function byteSize(bytes: number): string {
  let unit = 0
  let value = bytes
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`
}

/** A number of bytes in MiB. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

/** What a truncated top-level string has besides its characters. */
const QUOTES_AND_ELLIPSIS = 3

/** The text of `value` piece by piece, so that the caller can stop early. */
function* parts(value: unknown, depth: number): Generator<string> {
  switch (typeof value) {
    case 'string':
      yield `"${escaped(value, MAX_QUOTED)}"`
      break
    case 'number':
      yield Object.is(value, -0) ? '-0' : String(value)
      break
    case 'bigint':
      // Converting a huge bigint to digits takes long.
      yield value < LARGE && value > -LARGE ? `${value}n` : 'a large bigint'
      break
    case 'symbol':
      yield value.description === undefined ? 'Symbol()' : `Symbol(${escaped(value.description, MAX_QUOTED)})`
      break
    case 'function':
      yield 'a function'
      break
    case 'object':
      if (value === null) yield 'null'
      else yield* partsOfObject(value, depth)
      break
    default:
      yield String(value)
  }
}

function* partsOfObject(value: object, depth: number): Generator<string> {
  const isArray = Array.isArray(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!isArray && prototype !== null && prototype !== Object.prototype) {
    yield instanceOf((prototype as { constructor?: { name?: unknown } }).constructor?.name)
  } else if (depth === MAX_DEPTH) {
    yield isArray ? '[…]' : '{…}'
  } else if (isArray) {
    yield '['
    for (let i = 0; i < value.length; i++) {
      if (i > 0) yield ', '
      yield* parts(value[i], depth + 1)
    }
    yield ']'
  } else {
    let separator = '{ '
    for (const key in value) {
      if (!Object.hasOwn(value, key)) continue
      yield `${separator}"${escaped(key, MAX_QUOTED)}": `
      yield* parts((value as Record<string, unknown>)[key], depth + 1)
      separator = ', '
    }
    yield separator === '{ ' ? '{}' : ' }'
  }
}

function instanceOf(name: unknown): string {
  return typeof name === 'string' && name !== '' ? `an instance of ${escaped(name, MAX_QUOTED)}` : 'an object'
}

const LARGE = 2n ** 64n

/** Characters that a terminal or log does not simply display, most of which JSON leaves unescaped. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

/** The text escaped as in JSON, without quotes; truncated to `limit` characters and an ellipsis. */
function escaped(text: string, limit: number): string {
  let result = ''
  for (const character of text.slice(0, limit + 1)) {
    const json = JSON.stringify(character).slice(1, -1)
    const part = json === character && INVISIBLE.test(character) ? codeUnits(character) : json
    if (result.length + part.length > limit) return `${result}…`
    result += part
  }
  return result
}

function codeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')
}
