import { type CodePointRange, complement, normalized, rangesOf } from '../../code-points.js'
import { MAX_DEPTH, MAX_REPETITIONS } from '../../limits.js'
import {
  anyOf,
  END,
  type Expression,
  hasLook,
  inOrder,
  type Look,
  oneOf,
  repeated,
  START,
} from '../../regular/expression.js'
import { invalidSchema, tooLarge, unsupported } from '../failures.js'
import { propertyRanges } from './unicode.js'

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
const DOT = oneOf(complement(rangesOf('\n\r\u2028\u2029')))

const CLASSES: Readonly<Record<string, readonly CodePointRange[]>> = {
  d: DIGIT,
  w: WORD,
  s: SPACE,
  D: complement(DIGIT),
  W: complement(WORD),
  S: complement(SPACE),
}
const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', v: '\v', f: '\f', r: '\r', 0: '\0' }
/** Replacements for escapes of other languages and for irregular ones. */
const ESCAPE_HINTS: Readonly<Record<string, string>> = {
  A: 'the beginning of the text is written ^',
  Z: 'the end of the text is written $',
  z: 'the end of the text is written $',
  ...Object.fromEntries(
    [...'123456789k'].map((letter) => [letter, 'what a group found cannot be asked for again: write it out']),
  ),
}
const HEX_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4 }

/** Openings of lookaround groups. */
const LOOKS: Readonly<Record<string, Pick<Look, 'ahead' | 'negated'>>> = {
  '=': { ahead: true, negated: false },
  '!': { ahead: true, negated: true },
  '<=': { ahead: false, negated: false },
  '<!': { ahead: false, negated: true },
}

/** A word boundary: between a word character and another character or an end of the text. */
const BOUNDARY = boundary({ negated: false })
const NO_BOUNDARY = boundary({ negated: true })

/** The opening of a group; names also in Python's syntax. */
const GROUP = /^(?::|(<?[=!])|P?<[\p{ID_Start}_$][\p{ID_Continue}$]*>)/u

/**
 * Parses the regular part of ECMAScript's regular expressions: everything but backreferences, flags, and lookahead within
 * lookbehind. Throws `UNSUPPORTED` for these, `INVALID_ARGUMENT` for invalid expressions, `LIMIT` for too large ones; the
 * messages name `pointer`.
 */
export function parsePattern(source: string, pointer: string): Expression {
  return new PatternParser(source, pointer).parse()
}

class PatternParser {
  readonly #characters: readonly string[]
  readonly #pointer: string
  /** Literal characters. */
  readonly #literals = new Map<string, Expression>()
  #at = 0
  #depth = 0

  constructor(source: string, pointer: string) {
    this.#characters = Array.from(source)
    this.#pointer = pointer
  }

  parse(): Expression {
    const whole = this.#options()
    if (this.#at < this.#characters.length) throw this.#invalid('a ) has no (')
    return whole
  }

  #options(): Expression {
    const options = [this.#sequence()]
    while (this.#take('|')) options.push(this.#sequence())
    return anyOf(options)
  }

  #sequence(): Expression {
    const parts: Expression[] = []
    while (this.#peek() !== undefined && this.#peek() !== '|' && this.#peek() !== ')') {
      parts.push(this.#repeated(this.#atom()))
    }
    return inOrder(parts)
  }

  #repeated(atom: Expression): Expression {
    const times = this.#times()
    if (!times) return atom
    const [min, max] = times
    // Greedy and lazy quantifiers are equivalent when the whole text is matched.
    this.#take('?')
    return repeated(atom, min, max)
  }

  #times(): [min: number, max: number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.#take('?')) return [0, 1]
    if (this.#peek() !== '{') return undefined
    const found = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#characters.slice(this.#at, this.#at + 40).join(''))
    if (!found) throw this.#invalid('{ is not a valid repetition', String.raw`write a literal { as \{`)
    this.#at += found[0].length
    const min = Number(found[1])
    const max = !found[2] ? min : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3])
    if (max < min) throw this.#invalid(`${found[0]} ends before it begins`)
    if (Math.max(min, Number.isFinite(max) ? max : 0) > MAX_REPETITIONS) {
      throw tooLarge(this.#pointer, `${found[0]}: at most ${MAX_REPETITIONS} repetitions are accepted`)
    }
    return [min, max]
  }

  #atom(): Expression {
    const character = this.#characters[this.#at++]
    switch (character) {
      case '(':
        return this.#group()
      case '[':
        return oneOf(this.#class())
      case '.':
        return DOT
      case '\\':
        if (this.#take('b')) return BOUNDARY
        if (this.#take('B')) return NO_BOUNDARY
        return oneOf(this.#escape())
      case '^':
        return START
      case '$':
        return END
      case '*':
      case '+':
      case '?':
      case '{':
        throw this.#invalid(`${character} has nothing to repeat`)
      default:
        return this.#literal(character)
    }
  }

  #literal(character: string): Expression {
    let literal = this.#literals.get(character)
    if (!literal) {
      literal = oneOf(rangesOf(character))
      this.#literals.set(character, literal)
    }
    return literal
  }

  #group(): Expression {
    let look: Pick<Look, 'ahead' | 'negated'> | undefined
    if (this.#take('?')) {
      const kind = GROUP.exec(this.#characters.slice(this.#at, this.#at + 100).join(''))
      if (!kind) throw this.#unsupported('a flag (?…)', 'write both cases as a class: [aA]')
      this.#at += Array.from(kind[0]).length
      if (kind[1]) look = LOOKS[kind[1]]
    }
    if (++this.#depth > MAX_DEPTH)
      throw tooLarge(this.#pointer, `groups are nested more than ${MAX_DEPTH} deep`)
    const body = this.#options()
    if (!this.#take(')')) throw this.#invalid('a ( has no )')
    this.#depth--
    if (!look) return body
    if (!look.ahead && hasLook(body, { ahead: true })) {
      throw this.#unsupported(
        '(?=…), \\b or $ within (?<=…)',
        'put the condition ahead outside of the one behind',
      )
    }
    return { kind: 'look', ...look, body }
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
      if (!isCharacter(low) || !isCharacter(high)) {
        // As in browsers: next to a class escape, - is a literal.
        ranges.push(...low, ...rangesOf('-'), ...high)
        continue
      }
      const [[first]] = low
      const [[last]] = high
      if (last < first) throw this.#invalid('a range in a class goes from a character to a later one')
      ranges.push([first, last])
    }
    return negated ? complement(ranges) : normalized(ranges)
  }

  #classMember(): readonly CodePointRange[] {
    const character = this.#characters[this.#at++]
    if (character === undefined) throw this.#invalid('a [ has no ]')
    return character === '\\' ? this.#escape({ inClass: true }) : rangesOf(character)
  }

  /** What follows a backslash. */
  #escape({ inClass = false } = {}): readonly CodePointRange[] {
    const letter = this.#characters[this.#at++]
    if (letter === undefined) throw this.#invalid('it ends with a backslash')
    if (Object.hasOwn(CLASSES, letter)) return CLASSES[letter]
    if (letter === 'b' && inClass) return rangesOf('\b')
    if (Object.hasOwn(CONTROLS, letter) && !/\d/.test(this.#peek() ?? '')) return rangesOf(CONTROLS[letter])
    if (Object.hasOwn(HEX_LENGTHS, letter)) return this.#hexadecimal(letter)
    if (letter === 'p' || letter === 'P') return this.#property({ negated: letter === 'P' })
    if (!/[a-zA-Z0-9]/.test(letter)) return rangesOf(letter)
    throw this.#unsupported(`\\${letter}`, ESCAPE_HINTS[letter])
  }

  #property({ negated }: Pick<Look, 'negated'>): readonly CodePointRange[] {
    const found = /^\{([\w=]+)\}/.exec(this.#characters.slice(this.#at, this.#at + 100).join(''))
    const ranges = found && propertyRanges(found[1])
    if (!ranges) throw this.#invalid('\\p needs the name of a Unicode property: \\p{L}')
    this.#at += found[0].length
    return negated ? complement(ranges) : ranges
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
      throw this.#invalid(`\\${letter}${found[0]} is not a character`)
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

  #unsupported(what: string, hint?: string) {
    return unsupported(this.#pointer, `${what} is not supported in patterns (character ${this.#at})`, hint)
  }
}

function isCharacter(ranges: readonly CodePointRange[]): boolean {
  return ranges.length === 1 && ranges[0][0] === ranges[0][1]
}

function boundary({ negated }: Pick<Look, 'negated'>): Expression {
  const word = oneOf(WORD)
  const is = (spelling: '=' | '!' | '<=' | '<!'): Look => ({ kind: 'look', ...LOOKS[spelling], body: word })
  return anyOf(
    negated
      ? [inOrder([is('<='), is('=')]), inOrder([is('<!'), is('!')])]
      : [inOrder([is('<='), is('!')]), inOrder([is('<!'), is('=')])],
  )
}
