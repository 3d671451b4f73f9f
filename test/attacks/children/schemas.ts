/** Schemas and grammars that are meant to be expensive: each is compiled within the limits or rejected by one. */
import { compileGrammar } from '../../../src/grammar/compiled-grammar.js'
import { parseGbnf } from '../../../src/grammar/gbnf.js'
import { convertSchema } from '../../../src/grammar/schema/convert.js'
import { bpeTokenizer } from '../../grammar/small-tokenizer.js'
import { attackInput, attempt } from '../support/attempt.js'

const count = (length: number) => Array.from({ length }, (_, i) => i)
const text = (pattern: string, parts: object = {}) => ({ type: 'string', pattern, ...parts })
const named = (length: number, value: (i: number) => unknown) =>
  Object.fromEntries(count(length).map((i) => [`p${i}`, value(i)]))

function nested(levels: number, make: (inner: object) => object): object {
  return count(levels).reduce<object>((inner) => make(inner), { type: 'integer' })
}

const SCHEMAS: Record<string, () => Record<string, unknown>> = {
  automata: () => ({
    'a bit long ago': text(`^(?:a|b)*a(?:a|b){25}$`, { minLength: 1, maxLength: 100 }),
    'an intersection of counters': {
      allOf: [7, 11, 13, 17, 19, 23].map((n) => text(`^(?:a{${n}})*$`, { minLength: 1 })),
    },
    'counters that do not meet': { allOf: count(12).map((i) => text(`^(?:a{${97 + i}})*b$`)) },
    'look-ahead upon look-ahead': text(`^${'(?=.*'.repeat(60)}a${')'.repeat(60)}`),
    'negated look-ahead upon look-ahead': text(`^${'(?!.*b'.repeat(40)}a${')'.repeat(40)}`),
    'many look-aheads': text(
      `^${count(26)
        .map((i) => `(?=.*${String.fromCharCode(97 + i)})`)
        .join('')}.*$`,
    ),
    'look-aheads in a loop': text(
      `^(?:${count(20)
        .map((i) => `(?=.{0,${i + 3}}[a-${String.fromCharCode(98 + i)}]x)`)
        .join('')}.)*$`,
    ),
    'look-behinds': text(
      count(14)
        .map((i) => `(?<=a.{${i}})b?`)
        .join(''),
    ),
    'repetition upon repetition': text('^(?:(?:(?:a{1000}b){1000}c){1000}d)$', { minLength: 5 }),
    'repetition without end': text(`^${'(?:'.repeat(90)}a?${')*'.repeat(90)}$`, { minLength: 2 }),
    options: text(
      `^(?:${count(30_000)
        .map((i) => `a${i}`)
        .join('|')})$`,
      { minLength: 3, maxLength: 4 },
    ),
    'long repetitions with a length': text('^(?:[a-c]{1,9000}-){9000}$', { maxLength: 60_000 }),
    'many properties of Unicode': text(
      [
        'L',
        'Lu',
        'Ll',
        'N',
        'P',
        'S',
        'Z',
        'M',
        'Script=Greek',
        'Script=Han',
        'Script=Latin',
        'Emoji',
        'Alphabetic',
      ]
        .map((name) => `[\\p{${name}}x]\\P{${name}}`)
        .join('(?=.*a)'),
    ),
    'many negated patterns': {
      type: 'string',
      allOf: count(60).map((i) => ({ not: { pattern: `a.{${i}}b` } })),
    },
    'hundreds of patterns': {
      type: 'object',
      properties: named(400, (i) => text(`^(?=.*a)(?=.*b{${i % 9}}).{0,40}c$`, { maxLength: 30 })),
    },
  }),
  combinations: () => ({
    'oneOf that overlaps': {
      oneOf: count(900).map((i) => ({ type: 'object', properties: { [`a${i}`]: {} } })),
    },
    'oneOf in oneOf': nested(9, (inner) => ({
      oneOf: [inner, { type: 'object', properties: { a: inner } }, { minimum: 1 }],
    })),
    'not in not': nested(900, (inner) => ({ not: inner })),
    'not of objects': nested(9, (inner) => ({
      not: { properties: { a: inner, b: inner }, required: ['a'] },
    })),
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    'if in if': nested(10, (inner) => ({ if: inner, then: { minimum: 1 }, else: inner })),
    'conditions that multiply': {
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      allOf: count(30).map((i) => ({ if: { required: [`p${i}`] }, then: { required: [`q${i}`] } })),
    },
    'dependencies that multiply': { dependentRequired: named(40, (i) => [`q${i}`]) },
    'not through references': {
      $defs: { a: { not: { properties: { x: { $ref: '#/$defs/a' } }, required: ['x'] } } },
      $ref: '#/$defs/a',
    },
    'its own opposite': { not: { $ref: '#' } },
    'a chain of references': {
      $ref: '#/$defs/r0',
      $defs: Object.fromEntries(count(20_000).map((i) => [`r${i}`, { $ref: `#/$defs/r${i + 1}` }])),
    },
    'a chain of anyOf': {
      $ref: '#/$defs/r0',
      $defs: Object.fromEntries(
        count(2000).map((i) => [`r${i}`, { anyOf: [{ $ref: `#/$defs/r${i + 1}` }, { const: i }] }]),
      ),
    },
    'patterns of names': {
      patternProperties: Object.fromEntries(count(8).map((i) => [`a.{${i}}b`, { minimum: i }])),
    },
    'more patterns of names': {
      patternProperties: Object.fromEntries(count(200).map((i) => [`^x${i}`, true])),
    },
    'names and patterns': {
      properties: named(3000, () => ({ type: 'null' })),
      patternProperties: { '0$': { type: 'null' }, '^p': true },
      additionalProperties: { type: 'null' },
    },
  }),
  counts: () => ({
    'many values that differ': { type: 'array', items: { enum: count(40_000) }, uniqueItems: true },
    'many values of which many must come': {
      type: 'array',
      items: { enum: count(5000) },
      uniqueItems: true,
      minItems: 3000,
    },
    'strings that differ': {
      type: 'array',
      items: { type: 'string', maxLength: 1_000_000 },
      uniqueItems: true,
      minItems: 10,
    },
    'lists in lists that differ': nested(30, (items) => ({ type: 'array', items, uniqueItems: true })),
    'contains in contains': nested(30, (contains) => ({
      type: 'array',
      contains,
      minContains: 20,
      maxContains: 40,
      maxItems: 1000,
    })),
    'a million items that count': {
      type: 'array',
      items: {},
      contains: { const: 1 },
      minContains: 1_000_000,
    },
    'a million members': { type: 'object', minProperties: 1_000_000 },
    'many members of which many must come': { properties: named(3000, () => true), minProperties: 1500 },
    'a million, a million times': nested(20, (items) => ({ type: 'array', items, minItems: 1_000_000 })),
    'large steps': { type: 'integer', multipleOf: 999_983, minimum: -1e15, maximum: 1e15 },
    'steps that do not fit': {
      allOf: [7, 11, 13, 17, 19, 23, 29, 31, 37, 41].map((multipleOf) => ({ type: 'integer', multipleOf })),
    },
    'tiny steps': { type: 'number', multipleOf: 1e-300, minimum: 1e-299 },
    'huge steps': { type: 'number', multipleOf: 1e300 },
    'a large prefix': {
      type: 'array',
      prefixItems: count(9000).map(() => ({ type: 'string', maxLength: 65536 })),
    },
  }),
}

const GRAMMARS: Record<string, string> = {
  'repetition upon repetition': `root ::= ${'('.repeat(90)}"ab"${'){1000000}'.repeat(90)}`,
  'optional upon optional': `root ::= ${'('.repeat(90)}"a"?${'){0,1000000}'.repeat(90)}`,
  'repetitions in a row': `root ::= "a"${'{0,1000}'.repeat(3000)}`,
  'many large repetitions': `root ::= ${'[a-z]{900000,1000000} '.repeat(500)}`,
}

const { part } = attackInput<{ part: string }>()
const tokenizer = bpeTokenizer()
const codes = ['LIMIT', 'UNSUPPORTED', 'INVALID_ARGUMENT'] as const

if (part === 'grammars') {
  for (const [name, source] of Object.entries(GRAMMARS)) {
    await attempt(name, () => compileGrammar(tokenizer, parseGbnf(source)).matcher().mask(), {
      codes,
      mayBeAccepted: true,
    })
  }
} else {
  for (const [name, schema] of Object.entries(SCHEMAS[part]())) {
    const work = () => {
      const matcher = compileGrammar(tokenizer, convertSchema(schema).grammar).matcher()
      matcher.mask()
    }
    const before = performance.now()
    await attempt(name, work, { codes, mayBeAccepted: true })
    if (process.env.ATTACK_TIMES) console.error(name, Math.round(performance.now() - before))
  }
}
