import { type CodePointRange, complement, intersection, rangesOf } from '../code-points.js'
import { choice, EMPTY, NEVER, type Node, optional, repeat, rule, sequence, set, text } from '../grammar.js'
import { DEAD, type Dfa, isEmpty } from '../regular/dfa.js'

/** The grammar of JSON. */

/** Limits on the digits of a number, so that every number is finite and integers are exact. */
const MAX_WHOLE_DIGITS = 15
const MAX_FRACTION_DIGITS = 15
const MAX_EXPONENT_DIGITS = 2

/** Maximum indentation: more is useless, and a model could emit blanks forever. */
const MAX_INDENT = 20

const ESCAPES: ReadonlyMap<number, string> = new Map(
  Object.entries({
    '"': '\\"',
    '\\': '\\\\',
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
  }).map(([character, spelling]) => [character.codePointAt(0)!, spelling]),
)

/** Unescaped characters of a string. */
const PLAIN: readonly CodePointRange[] = complement([[0, 0x1f], ...rangesOf('"\\')])

const ESCAPED = complement(PLAIN)

/** Whitespace between values and punctuation: nothing, a blank, or a new line. */
export const SPACE = rule('space')
export const COMMA = sequence([text(','), SPACE])
export const ANY_VALUE = rule('value')
export const ANY_OBJECT = rule('object')
export const ANY_STRING = rule('string')
export const ANY_NUMBER = rule('number')
export const ANY_INTEGER = rule('integer')
/** A character within a string, in any spelling. */
export const STRING_CHARACTER = rule('character')

/** A character that must be escaped, in its shortest spelling. */
const ANY_ESCAPE = rule('escape')

const digits = (min: number, max: number) => repeat(set(rangesOf('0123456789')), min, max)
const QUOTE = text('"')
const WHOLE = choice([text('0'), sequence([set(rangesOf('123456789')), digits(0, MAX_WHOLE_DIGITS - 1)])])

/** The rules of every JSON grammar; none of their names begins with #. */
export const JSON_RULES: ReadonlyMap<string, Node> = new Map([
  ['space', choice([EMPTY, text(' '), sequence([text('\n'), repeat(set(rangesOf(' \t')), 0, MAX_INDENT)])])],
  [
    'value',
    choice([ANY_STRING, ANY_NUMBER, ANY_OBJECT, rule('array'), text('true'), text('false'), text('null')]),
  ],
  ['object', brackets('{', sequence([ANY_STRING, text(':'), SPACE, ANY_VALUE]), '}')],
  ['array', brackets('[', ANY_VALUE, ']')],
  ['string', sequence([QUOTE, repeat(STRING_CHARACTER, 0), QUOTE])],
  ['character', choice([set(PLAIN), sequence([text('\\'), escapeSequence()])])],
  ['escape', escapes(ESCAPED)],
  [
    'number',
    sequence([
      optional(text('-')),
      WHOLE,
      optional(sequence([text('.'), digits(1, MAX_FRACTION_DIGITS)])),
      optional(
        sequence([set(rangesOf('eE')), optional(set(rangesOf('+-'))), digits(1, MAX_EXPONENT_DIGITS)]),
      ),
    ]),
  ],
  [
    'integer',
    choice([
      text('0'),
      sequence([optional(text('-')), set(rangesOf('123456789')), digits(0, MAX_WHOLE_DIGITS - 1)]),
    ]),
  ],
])

/** Any number of items. */
function brackets(open: string, item: Node, close: string): Node {
  const items = sequence([item, repeat(sequence([COMMA, item]), 0), SPACE])
  return sequence([text(open), SPACE, optional(items), text(close)])
}

/** Each character that must be escaped, in its shortest spelling. */
function escapes(ranges: readonly CodePointRange[]): Node {
  const escaped: Node[] = []
  for (const [low, high] of intersection(ranges, ESCAPED)) {
    for (let codePoint = low; codePoint <= high; codePoint++) {
      escaped.push(text(ESCAPES.get(codePoint) ?? `\\u${codePoint.toString(16).padStart(4, '0')}`))
    }
  }
  return choice(escaped)
}

/** The rest of an escape after the backslash; surrogates only in pairs. */
function escapeSequence(): Node {
  const hex = (count: number) => repeat(set(rangesOf('0123456789abcdefABCDEF')), count, count)
  const d = set(rangesOf('dD'))
  return choice([
    set(rangesOf('"\\/bfnrt')),
    sequence([
      text('u'),
      choice([
        sequence([set(rangesOf('0123456789abcefABCEF')), hex(3)]),
        sequence([d, set(rangesOf('01234567')), hex(2)]),
        sequence([d, set(rangesOf('89abAB')), hex(2), text('\\u'), d, set(rangesOf('cdefCDEF')), hex(2)]),
      ]),
    ]),
  ])
}

/** One of these characters within a string, each in exactly one spelling: escaped only if required. */
export function spelled(ranges: readonly CodePointRange[]): Node {
  const all = complement([...ranges, ...PLAIN]).length === 0
  return choice([set(intersection(ranges, PLAIN)), all ? ANY_ESCAPE : escapes(ranges)])
}

/** An automaton for JSON text: `spell` turns its characters into nodes; no token may end in the states `passing`. */
export function automatonNode(
  dfa: Dfa,
  spell: (ranges: readonly CodePointRange[]) => Node,
  passing?: ReadonlySet<number>,
): Node {
  if (isEmpty(dfa)) return NEVER
  const { alphabet, table, accepting } = dfa
  const nodes = new Map<string, Node>()
  const nodeOf = (classes: readonly number[]) => {
    const key = classes.join()
    let node = nodes.get(key)
    if (!node) {
      node = spell(alphabet.rangesOf(new Set(classes)))
      nodes.set(key, node)
    }
    return node
  }
  const states = Array.from(accepting, (accepts, state) => {
    /** Incoming nodes of each state. */
    const leading = new Map<number, number[]>()
    for (let c = 0; c < alphabet.size; c++) {
      const to = table[state * alphabet.size + c]
      if (to === DEAD) continue
      const classes = leading.get(to)
      if (classes) classes.push(c)
      else leading.set(to, [c])
    }
    const edges = Array.from(leading, ([to, classes]) => ({ node: nodeOf(classes), to }))
    return { accepts: accepts === 1, passing: passing?.has(state), edges }
  })
  return { kind: 'automaton', states }
}

/** A string whose characters are those of `content`. */
export function quoted(content: Node): Node {
  return sequence([QUOTE, content, QUOTE])
}
