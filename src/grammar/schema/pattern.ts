import { ANY_CHARACTER, type CodePointRange, complement, normalized, rangesOf } from '../code-points.js'
import { choice, type Node, repeat, sequence } from '../grammar.js'
import { MAX_DEPTH, MAX_REPETITIONS } from '../limits.js'
import { invalidSchema, tooLarge, unsupported } from './failures.js'
import { spelled } from './json-text.js'

/** A regular expression as grammar of what stands between the quotes of a JSON string. */
export interface Pattern {
  readonly node: Node
  /** Characters that a match has. */
  readonly min: number
  readonly max: number
  /** Where all of it is one character repeated: that character. */
  readonly unit?: Node
}

const DIGIT = rangesOf('0123456789')
const WORD = normalized([
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
])
const SPACE = normalized([
  ...rangesOf('\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff'),
  [0x2000, 0x200a],
])
const DOT = complement(rangesOf('\n\r\u2028\u2029'))

const CLASSES: Readonly<Record<string, readonly CodePointRange[]>> = {
  d: DIGIT,
  w: WORD,
  s: SPACE,
  D: complement(DIGIT),
  W: complement(WORD),
  S: complement(SPACE),
}
const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', v: '\v', f: '\f', r: '\r', 0: '\0' }
const HEX_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4 }

/** Where `^` or `$` is missing a pattern matches anywhere in the text. */
const ANYTHING: Pattern = {
  node: repeat(spelled(ANY_CHARACTER), 0),
  min: 0,
  max: Number.POSITIVE_INFINITY,
}

/**
 * Reads ECMAScript's regular expressions as far as they are regular: characters, classes, groups, options, repetition,
 * and `^` and `$` at the ends. Throws `UNSUPPORTED` for look-around, references, word borders and properties,
 * `INVALID_ARGUMENT` for what is no expression, `LIMIT` for too much of it; the messages name `pointer`.
 */
export function parsePattern(source: string, pointer: string): Pattern {
  return new PatternParser(source, pointer).parse()
}

class PatternParser {
  readonly #characters: readonly string[]
  readonly #pointer: string
  /** Characters that stand for themselves. */
  readonly #literals = new Map<string, Pattern>()
  #at = 0
  #depth = 0

  constructor(source: string, pointer: string) {
    this.#characters = Array.from(source)
    this.#pointer = pointer
  }

  parse(): Pattern {
    const whole = this.#options(true)
    if (this.#at < this.#characters.length) throw this.#invalid('a ) has no (')
    return whole
  }

  #options(isOutermost: boolean): Pattern {
    const options = [this.#sequence(isOutermost)]
    while (this.#take('|')) options.push(this.#sequence(isOutermost))
    if (options.length === 1) return options[0]
    return {
      node: choice(options.map(({ node }) => node)),
      min: options.reduce((least, { min }) => Math.min(least, min), Number.POSITIVE_INFINITY),
      max: options.reduce((most, { max }) => Math.max(most, max), 0),
    }
  }

  #sequence(isOutermost: boolean): Pattern {
    const parts: Pattern[] = []
    const anchored = isOutermost && this.#take('^')
    let ended = false
    while (this.#peek() !== undefined && this.#peek() !== '|' && this.#peek() !== ')') {
      if (isOutermost && this.#peek() === '$') {
        this.#at++
        ended = true
        if (this.#peek() !== undefined && this.#peek() !== '|') throw this.#unsupported('$ before the end')
        break
      }
      parts.push(this.#repeated(this.#atom()))
    }
    if (isOutermost && !anchored) parts.unshift(ANYTHING)
    if (isOutermost && !ended) parts.push(ANYTHING)
    if (parts.length === 1) return parts[0]
    return {
      node: sequence(parts.map(({ node }) => node)),
      min: parts.reduce((sum, { min }) => sum + min, 0),
      max: parts.reduce((sum, { max }) => sum + max, 0),
    }
  }

  #repeated(atom: Pattern): Pattern {
    const times = this.#times()
    if (!times) return atom
    const [min, max] = times
    // Whether as much or as little as possible is taken changes nothing for a whole text.
    this.#take('?')
    return {
      node: repeat(atom.node, min, max),
      min: min * atom.min,
      max: max === 0 || atom.max === 0 ? 0 : max * atom.max,
      unit: atom.unit && atom.min === 1 && atom.max === 1 ? atom.unit : undefined,
    }
  }

  #times(): [min: number, max: number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.#take('?')) return [0, 1]
    if (this.#peek() !== '{') return undefined
    const found = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#characters.slice(this.#at, this.#at + 40).join(''))
    if (!found) throw this.#invalid('{ begins no repetition', String.raw`as a character it is written \{`)
    this.#at += found[0].length
    const min = Number(found[1])
    const max = !found[2] ? min : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3])
    if (max < min) throw this.#invalid(`${found[0]} ends before it begins`)
    if (Math.max(min, Number.isFinite(max) ? max : 0) > MAX_REPETITIONS) {
      throw tooLarge(this.#pointer, `${found[0]}: at most ${MAX_REPETITIONS} repetitions are accepted`)
    }
    return [min, max]
  }

  #atom(): Pattern {
    const character = this.#characters[this.#at++]
    switch (character) {
      case '(':
        return this.#group()
      case '[':
        return one(this.#class())
      case '.':
        return one(DOT)
      case '\\':
        return one(this.#escape(false))
      case '^':
      case '$':
        throw this.#unsupported(`${character} within the expression`)
      case '*':
      case '+':
      case '?':
      case '{':
        throw this.#invalid(`${character} has nothing to repeat`)
      default:
        return this.#literal(character)
    }
  }

  #literal(character: string): Pattern {
    let literal = this.#literals.get(character)
    if (!literal) {
      literal = one(rangesOf(character))
      this.#literals.set(character, literal)
    }
    return literal
  }

  #group(): Pattern {
    if (this.#take('?')) {
      const kind = /^(?::|<[\p{ID_Start}_$][\p{ID_Continue}$]*>)/u.exec(
        this.#characters.slice(this.#at, this.#at + 100).join(''),
      )
      if (!kind) throw this.#unsupported('look-around and flags (?…)')
      this.#at += Array.from(kind[0]).length
    }
    if (++this.#depth > MAX_DEPTH)
      throw tooLarge(this.#pointer, `groups are nested more than ${MAX_DEPTH} deep`)
    const { node, min, max } = this.#options(false)
    if (!this.#take(')')) throw this.#invalid('a ( has no )')
    this.#depth--
    return { node, min, max }
  }

  #class(): readonly CodePointRange[] {
    const negated = this.#take('^')
    const ranges: CodePointRange[] = []
    while (!this.#take(']')) {
      const low = this.#classMember()
      const ranged = this.#peek() === '-' && this.#characters[this.#at + 1] !== ']'
      if (!ranged) {
        ranges.push(...low)
        continue
      }
      this.#at++
      const high = this.#classMember()
      const [[first, firstEnd]] = low
      const [[last, lastEnd]] = high
      if (low.length > 1 || high.length > 1 || first !== firstEnd || last !== lastEnd || last < first) {
        throw this.#invalid('a range in a class goes from a character to a later one')
      }
      ranges.push([first, last])
    }
    return negated ? complement(ranges) : normalized(ranges)
  }

  #classMember(): readonly CodePointRange[] {
    const character = this.#characters[this.#at++]
    if (character === undefined) throw this.#invalid('a [ has no ]')
    return character === '\\' ? this.#escape(true) : rangesOf(character)
  }

  /** What follows a backslash. */
  #escape(inClass: boolean): readonly CodePointRange[] {
    const letter = this.#characters[this.#at++]
    if (letter === undefined) throw this.#invalid('it ends with a backslash')
    if (Object.hasOwn(CLASSES, letter)) return CLASSES[letter]
    if (letter === 'b' && inClass) return rangesOf('\b')
    if (Object.hasOwn(CONTROLS, letter) && !/\d/.test(this.#peek() ?? '')) return rangesOf(CONTROLS[letter])
    if (Object.hasOwn(HEX_LENGTHS, letter)) return this.#hexadecimal(letter)
    if (!/[a-zA-Z0-9]/.test(letter)) return rangesOf(letter)
    throw this.#unsupported(`\\${letter}`)
  }

  #hexadecimal(letter: string): readonly CodePointRange[] {
    const ahead = this.#characters.slice(this.#at, this.#at + 12).join('')
    const pair = letter === 'u' && /^([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/.exec(ahead)
    if (pair) {
      this.#at += pair[0].length
      const units = [pair[1], pair[2]].map((unit) => Number.parseInt(unit, 16))
      return rangesOf(String.fromCharCode(...units))
    }
    const braced = letter === 'u' && /^\{([0-9a-fA-F]{1,8})\}/.exec(ahead)
    const plain = new RegExp(`^([0-9a-fA-F]{${HEX_LENGTHS[letter]}})`).exec(ahead)
    const found = braced || plain
    if (!found) throw this.#invalid(`\\${letter} needs hexadecimal digits`)
    this.#at += found[0].length
    const value = Number.parseInt(found[1], 16)
    if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
      throw this.#invalid(`\\${letter}${found[0]} is no character`)
    return [[value, value]]
  }

  #peek(): string | undefined {
    return this.#characters[this.#at]
  }

  #take(expected: string): boolean {
    if (this.#peek() !== expected) return false
    this.#at++
    return true
  }

  #invalid(problem: string, hint?: string) {
    return invalidSchema(this.#pointer, `${problem} (character ${this.#at})`, hint)
  }

  #unsupported(what: string) {
    return unsupported(this.#pointer, `${what} is not supported in patterns (character ${this.#at})`)
  }
}

function one(ranges: readonly CodePointRange[]): Pattern {
  const node = spelled(ranges)
  return { node, min: 1, max: 1, unit: node }
}

/** Matches of a pattern that have so many characters; `undefined` where that cannot be told from the pattern. */
export function withLength(pattern: Pattern, min: number, max: number): Pattern | undefined {
  if (pattern.min >= min && pattern.max <= max) return pattern
  if (!pattern.unit) return undefined
  const bounds = [Math.max(pattern.min, min), Math.min(pattern.max, max)] as const
  return { node: repeat(pattern.unit, ...bounds), min: bounds[0], max: bounds[1], unit: pattern.unit }
}
