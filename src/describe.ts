/** Characters of a value that a message quotes. */
const MOST = 100
/** Characters of another error's message that one of ours repeats. */
const MOST_OF_FAILURE = 200
/** Characters of a name that is shown unchanged. */
const MOST_OF_NAME = 200
/** Levels of arrays and objects that are looked into. */
const MAX_DEPTH = 3

/**
 * A value from outside in the words of an error message: as JSON where it has such a form, on one line, cut to about 100
 * characters. Takes any value at all, whatever its `toString`, getters or proxy handlers do, and looks at no more of it
 * than it quotes.
 */
export function describeValue(value: unknown): string {
  let text = ''
  try {
    for (const part of parts(value, 0)) {
      text += part
      if (text.length > MOST + QUOTES_AND_ELLIPSIS) return `${text.slice(0, MOST)}…`
    }
    return text
  } catch {
    return typeof value === 'function' ? 'a function' : 'an object that cannot be read'
  }
}

/** What somebody else's code threw, in words: the message of an error, on one line, cut to about 200 characters. */
export function describeFailure(reason: unknown): string {
  try {
    const message = reason instanceof Error ? (reason.message as unknown) : reason
    return typeof message === 'string' ? escaped(message, MOST_OF_FAILURE) : describeValue(message)
  } catch {
    return 'an error that cannot be read'
  }
}

/**
 * The name of a file, an address or a tensor in the words of an error message: unchanged where it is printable and of
 * ordinary length, otherwise as `describeValue` has it. Names come from strangers, and one with a line feed forges a line
 * of a log.
 */
export function displayName(name: string): string {
  const isPlain = name !== '' && name.length <= MOST_OF_NAME && !INVISIBLE.test(name)
  return isPlain ? name : describeValue(name)
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** A number of bytes for people: `3.0 MiB`. */
export function byteSize(bytes: number): string {
  let unit = 0
  let value = bytes
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`
}

/** A number of bytes in the words of a message. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

/** What a cut string at the top has beyond its characters. */
const QUOTES_AND_ELLIPSIS = 3

/** The text of `value` bit by bit, so that whoever has enough of it can stop. */
function* parts(value: unknown, depth: number): Generator<string> {
  switch (typeof value) {
    case 'string':
      yield `"${escaped(value, MOST)}"`
      break
    case 'number':
      yield Object.is(value, -0) ? '-0' : String(value)
      break
    case 'bigint':
      // The digits of a huge one take long to compute.
      yield value < LARGE && value > -LARGE ? `${value}n` : 'a large bigint'
      break
    case 'symbol':
      yield value.description === undefined ? 'Symbol()' : `Symbol(${escaped(value.description, MOST)})`
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
      yield `${separator}"${escaped(key, MOST)}": `
      yield* parts((value as Record<string, unknown>)[key], depth + 1)
      separator = ', '
    }
    yield separator === '{ ' ? '{}' : ' }'
  }
}

function instanceOf(name: unknown): string {
  return typeof name === 'string' && name !== '' ? `an instance of ${escaped(name, MOST)}` : 'an object'
}

const LARGE = 2n ** 64n

/** What a terminal, a log or a reader takes for more than a character, although JSON leaves most of it unescaped. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

/** The text as JSON writes it, without the quotes; cut with an ellipsis so that at most `most` characters come before it. */
function escaped(text: string, most: number): string {
  let result = ''
  for (const character of text.slice(0, most + 1)) {
    const json = JSON.stringify(character).slice(1, -1)
    const part = json === character && INVISIBLE.test(character) ? codeUnits(character) : json
    if (result.length + part.length > most) return `${result}…`
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
