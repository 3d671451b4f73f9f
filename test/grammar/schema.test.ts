import { describe, expect, it } from 'vitest'
import { compileGrammar } from '../../src/grammar/compiled-grammar.js'
import { JSON_OBJECT, schemaGrammar } from '../../src/grammar/schema/convert.js'
import { bpeTokenizer } from './small-tokenizer.js'
import { isValid } from './validate.js'

const tokenizer = bpeTokenizer()

const TREE = {
  $ref: '#/$defs/node',
  $defs: {
    node: {
      type: 'object',
      properties: { v: { type: 'integer' }, kids: { type: 'array', items: { $ref: '#/$defs/node' } } },
      required: ['v'],
    },
  },
}

/** Schemas, texts that they allow, texts that they do not. */
const TABLE: readonly [schema: object | boolean, whole: readonly string[], not: readonly string[]][] = [
  [{ type: 'null' }, ['null'], ['true', 'nul', '']],
  [{ type: 'boolean' }, ['true', 'false'], ['null', '1']],
  [
    { type: 'string' },
    ['""', '"a"', '"ä😀"', String.raw`"\n\"\\\/\u00e4"`, String.raw`"\ud83d\ude00"`],
    [
      'a',
      '"',
      '"\n"',
      String.raw`"\ud83d"`,
      String.raw`"\ude00"`,
      String.raw`"\ud83d\u0041"`,
      String.raw`"\x"`,
      '"a" ',
    ],
  ],
  [
    { type: 'string', minLength: 2, maxLength: 3 },
    ['"ab"', '"abc"', '"😀ä"', String.raw`"\n\n"`, String.raw`"\ud83d\ude00b"`],
    ['"a"', '"abcd"', '""', String.raw`"\ud83d\ude00"`],
  ],
  [{ type: 'string', maxLength: 0 }, ['""'], ['"a"']],
  [{ type: 'string', pattern: '^a+$' }, ['"a"', '"aaa"'], ['""', '"b"', '"ab"', String.raw`"\u0061"`]],
  [{ type: 'string', pattern: 'b' }, ['"b"', '"abc"', String.raw`"\nb"`], ['""', '"a"']],
  [{ type: 'string', pattern: '^a|b$' }, ['"ax"', '"xb"'], ['"xa"', '"bx"']],
  [{ type: 'string', pattern: '^a*$', minLength: 2, maxLength: 3 }, ['"aa"', '"aaa"'], ['"a"', '"aaaa"']],
  [
    { type: 'string', pattern: '^.$' },
    ['"a"', '"😀"', String.raw`"\""`, String.raw`"\u0000"`],
    [String.raw`"\n"`, '"\u2028"'],
  ],
  [
    { type: 'string', pattern: '^[\\d\\-.]\\x41\\u0042\\u{43}\\ud83d\\ude00[^\\w]$' },
    ['"1ABC😀 "', '"-ABC😀ä"'],
    ['"aABC😀 "', '"1ABC😀a"'],
  ],
  [
    { type: 'string', pattern: '^(?:a|(?<n>b))??c{2}d{1,}e{0,1}$' },
    ['"ccd"', '"bccdde"'],
    ['"abccd"', '"cd"'],
  ],
  [
    { type: 'string', format: 'date' },
    ['"2024-02-29"', '"2000-02-29"', '"2023-12-31"', '"0000-02-29"'],
    ['"2023-02-29"', '"1900-02-29"', '"2023-04-31"', '"2023-13-01"', '"2023-00-10"', '"2023-01-00"'],
  ],
  [
    { type: 'string', format: 'date-time' },
    ['"2024-02-29T23:59:59.5Z"', '"2024-01-01T00:00:00+05:30"'],
    ['"2024-02-29"', '"2024-02-29T24:00:00Z"', '"2024-01-01T00:00:00"'],
  ],
  [
    { type: 'string', format: 'uuid' },
    ['"123e4567-e89b-12d3-a456-426614174000"'],
    ['"123e4567e89b12d3a456426614174000"'],
  ],
  [
    { type: 'string', format: 'email' },
    ['"a.b+c@x-y.example.org"'],
    ['"a@b"', '"a.@b.c"', '"@b.c"', '"a@-b.c"'],
  ],
  [
    { type: 'integer' },
    ['0', '-1', '123456789012345'],
    ['-0', '01', '1.0', '1e3', '+1', '-', '1234567890123456'],
  ],
  [{ type: 'number' }, ['0', '-0', '-1.5', '1e-9', '0.25E+10'], ['.5', '1.', '00', '1e', '1e999', 'NaN']],
  [
    { type: 'integer', minimum: 5, maximum: 120 },
    ['5', '9', '10', '99', '100', '120'],
    ['4', '121', '-5', '1200', '05'],
  ],
  [{ type: 'integer', minimum: -12, maximum: 7 }, ['-12', '-1', '0', '7'], ['-13', '8', '-0', '-20']],
  [
    { type: 'integer', exclusiveMinimum: 0 },
    ['1', '9007199254740991'],
    ['0', '-1', '9007199254740992', '-0'],
  ],
  [{ type: 'integer', exclusiveMinimum: 1.5, exclusiveMaximum: 4 }, ['2', '3'], ['1', '4']],
  [{ type: 'integer', maximum: -3 }, ['-3', '-10'], ['-2', '0', '3']],
  [
    { type: 'number', minimum: 0, maximum: 1 },
    ['0', '1', '0.5', '0.50', '1.00', '0.33333333333333'],
    ['1.1', '-0.1', '2', '1.01', '01', '0.', '-0', '1e0'],
  ],
  [
    { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    ['0.5', '0.00000000000001', '0.99999999999999'],
    ['0', '1', '0.0', '1.0'],
  ],
  [
    { type: 'number', minimum: -1.25, maximum: 10.5 },
    ['-1.25', '-1.2', '-1', '-0.5', '10.5', '10.49', '9.99'],
    ['-1.26', '-2', '10.51', '11'],
  ],
  [{ type: 'number', minimum: 1e-7 }, ['1', '0.1', '0.000001'], ['0', '0.00000', '-1']],
  [{ type: 'number', maximum: 1e300 }, ['5', '-5'], ['1e301']],
  [{ minimum: 3 }, ['3', '4.5'], ['2', '"a"']],
  [{ enum: ['red', 2, null, { a: [1] }] }, ['"red"', '2', 'null', '{"a":[1]}'], ['"blue"', '3', '{"a":[2]}']],
  [{ type: 'string', enum: ['a', 1, 'bb'], maxLength: 1 }, ['"a"'], ['1', '"bb"']],
  [{ const: 'a"ä\u2028' }, ['"a\\"ä\u2028"'], ['"a"']],
  [{ type: ['string', 'null'], minLength: 1 }, ['null', '"a"'], ['""', '1']],
  [true, ['1', '[]', '{"a": [null]}', '"x"'], ['', '[1', '{a}']],
  [{}, ['{}', 'false'], ['x']],
  [{ type: 'array' }, ['[]', '[1, "a",{}]', '[\n  1\n]'], ['[,]', '[1,]', '[  ]']],
  [
    { type: 'array', items: { type: 'integer' }, minItems: 1, maxItems: 2 },
    ['[1]', '[1,2]', '[ 1, 2 ]'],
    ['[]', '[1,2,3]', '["a"]'],
  ],
  [{ type: 'array', maxItems: 0 }, ['[]', '[ ]'], ['[1]']],
  [
    { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'string' }], items: { type: 'null' } },
    ['[]', '[1]', '[1,"a"]', '[1,"a",null,null]'],
    ['["a"]', '[1,null]'],
  ],
  [
    { type: 'array', prefixItems: [{ type: 'integer' }, true], items: false, minItems: 1 },
    ['[1]', '[1,{}]'],
    ['[]', '[1,2,3]'],
  ],
  [{ type: 'array', prefixItems: [{ type: 'integer' }], minItems: 2 }, ['[1,"a"]'], ['[1]']],
  [{ type: 'object' }, ['{}', '{"a": 1,"b":[]}'], ['{"a"}', '[]']],
  [
    {
      type: 'object',
      properties: { a: { type: 'integer' }, b: { type: 'string' }, c: { type: 'null' } },
      required: ['b'],
    },
    ['{"b":""}', '{"a": 1, "b": "x"}', '{"b":"","c":null}', '{\n  "a": 1,\n  "b": ""\n}'],
    ['{}', '{"a":1}', '{"b":"","a":1}', '{"b":"","d":1}', '{"b":"",}', '{,"b":""}', '{"a":1 "b":""}'],
  ],
  [
    { type: 'object', properties: { a: true, b: true } },
    ['{}', '{"b":1}', '{"a":1,"b":2}'],
    ['{"b":1,"a":2}', '{"x":1}'],
  ],
  [
    { type: 'object', properties: { ab: { type: 'integer' } }, additionalProperties: { type: 'string' } },
    [
      '{}',
      '{"ab":1}',
      '{"ab":1,"x":"y"}',
      '{"x":"y","ab":1}',
      '{"x":"y","ab":1,"z":""}',
      '{"a":"y"}',
      '{"abc":"y","":"z"}',
      String.raw`{"\n\"":"y"}`,
    ],
    ['{"ab":"y"}', '{"x":1}', String.raw`{"\u0061b":"y"}`, '{"ab":1,"ab":2}', '{"x":"y","ab":1,"ab":1}'],
  ],
  [{ type: 'object', properties: { a: true }, additionalProperties: false }, ['{"a":1}'], ['{"b":1}']],
  [{ type: 'object', required: ['x'] }, ['{"x":1}', '{"x":1,"y":2}'], ['{}', '{"y":2}']],
  [{ properties: { a: { type: 'integer' } } }, ['{"a":1}'], ['1', '{"a":""}']],
  [
    { type: 'object', properties: { __proto__: true, constructor: { type: 'null' } } },
    ['{}', '{"constructor":null}'],
    [],
  ],
  [{ anyOf: [{ type: 'integer' }, { type: 'string', maxLength: 1 }] }, ['1', '"a"'], ['"ab"', 'null']],
  [
    { type: 'object', properties: { a: true, b: true }, anyOf: [{ required: ['a'] }, { required: ['b'] }] },
    ['{"a":1}', '{"b":1}'],
    ['{}'],
  ],
  [
    { oneOf: [{ type: 'integer' }, { type: 'string' }, { enum: [null, true] }] },
    ['1', '""', 'null', 'true'],
    ['false'],
  ],
  [
    {
      oneOf: [
        { type: 'object', properties: { k: { const: 'a' }, x: true }, required: ['k'] },
        { type: 'object', properties: { k: { const: 'b' } }, required: ['k'] },
      ],
    },
    ['{"k":"a","x":1}', '{"k":"b"}'],
    ['{"k":"c"}', '{"k":"b","x":1}'],
  ],
  [
    {
      oneOf: [
        { type: 'object', properties: { a: true }, required: ['a'], additionalProperties: false },
        { type: 'object', properties: { b: true }, required: ['b'], additionalProperties: false },
      ],
    },
    ['{"a":1}', '{"b":1}'],
    ['{}'],
  ],
  [
    { allOf: [{ type: 'integer', minimum: 3 }, { maximum: 5 }, { type: 'number' }] },
    ['3', '5'],
    ['2', '6', '3.5'],
  ],
  [
    {
      allOf: [
        { properties: { a: { type: 'integer' } }, required: ['a'] },
        { properties: { b: true, a: { maximum: 3 } } },
      ],
      type: 'object',
    },
    ['{"a":3}', '{"a":1,"b":{}}'],
    ['{"a":4}', '{"b":1}'],
  ],
  [{ allOf: [{ enum: [1, 2, 3] }, { enum: [2, 3, 4] }, { not_used: 0 }].slice(0, 2) }, ['2', '3'], ['1']],
  [
    {
      allOf: [
        { type: 'object', properties: { a: true, b: true } },
        { properties: { a: true }, additionalProperties: false },
      ],
    },
    ['{"a":1}', '{}'],
    ['{"b":1}'],
  ],
  [{ $ref: '#/$defs/a~1b%25', $defs: { 'a/b%': { type: 'integer' } } }, ['1'], ['"a"']],
  [{ $ref: '#/$defs/n', minimum: 5, $defs: { n: { type: 'integer' } } }, ['5'], ['4']],
  [{ type: 'array', items: { $ref: '#' } }, ['[]', '[[],[[]]]'], ['[1]']],
  [TREE, ['{"v":1}', '{"v": 1, "kids": [{"v":2,"kids":[]}]}'], ['{}', '{"v":1,"kids":[{}]}']],
  // Of recursion that cannot end only that part is left out.
  [
    {
      anyOf: [{ type: 'integer' }, { type: 'array', items: { $ref: '#/$defs/x' }, minItems: 1 }],
      $defs: { x: { type: 'array', items: { $ref: '#/$defs/x' }, minItems: 1 } },
    },
    ['1'],
    ['[', '[]'],
  ],
  [
    {
      title: 't',
      description: 'd',
      default: 1,
      examples: [1],
      $comment: 'c',
      $schema: 's',
      $id: 'i',
      'x-mine': 1,
      deprecated: true,
      type: 'null',
      uniqueItems: false,
    },
    ['null'],
    [],
  ],
]

describe('a schema', () => {
  it.each(TABLE)('%j', (schema, whole, not) => {
    const compiled = compileGrammar(tokenizer, schemaGrammar(schema))
    expect(whole.filter((text) => !compiled.matches(text))).toEqual([])
    expect(not.filter((text) => compiled.matches(text))).toEqual([])
  })

  it('allows nothing that is not valid', () => {
    for (const [schema, whole] of TABLE) {
      if (JSON.stringify(schema).match(/x-mine|~1/)) continue
      for (const text of whole) expect(isValid(schema as boolean, JSON.parse(text)), text).toBe(true)
    }
  })

  it('of json_object is any object', () => {
    const compiled = compileGrammar(tokenizer, JSON_OBJECT)
    const texts = ['{}', '{"a":{"b":[1,2,{}]}}', '[]', '1', ' {}', '{} ', '{"a":1,\n\t"b":2}']
    expect(texts.map((text) => compiled.matches(text))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      true,
    ])
  })

  it('bounds whitespace', () => {
    const compiled = compileGrammar(tokenizer, JSON_OBJECT)
    const texts = [
      '{ }',
      '{  }',
      `{\n${' '.repeat(20)}}`,
      `{\n${' '.repeat(21)}}`,
      '{\n\n}',
      '{"a" :1}',
      '{"a":1 ,"b":1}',
    ]
    expect(texts.map((text) => compiled.matches(text))).toEqual([
      true,
      false,
      true,
      false,
      false,
      false,
      false,
    ])
  })
})

describe('a schema refused', () => {
  const circle: Record<string, unknown> = { type: 'object' }
  circle.properties = { circle }
  let deep: unknown = {}
  for (let i = 0; i < 50_000; i++) deep = { items: deep }

  it.each<[schema: unknown, code: string, message: string]>([
    [undefined, 'INVALID_ARGUMENT', '#: a schema is an object, true or false, not undefined'],
    [7, 'INVALID_ARGUMENT', '#: a schema is an object, true or false, not 7'],
    [[], 'INVALID_ARGUMENT', '#: a schema is an object'],
    [circle, 'INVALID_ARGUMENT', 'the JSON Schema is not JSON'],
    [deep, 'INVALID_ARGUMENT', 'the JSON Schema is not JSON'],
    [{ type: 'text' }, 'INVALID_ARGUMENT', '#/type: there is no type "text"'],
    [
      { type: 'object', properties: { 'a/b': { type: 7 } } },
      'INVALID_ARGUMENT',
      '#/properties/a~1b/type: there is no type 7',
    ],
    [{ properties: [] }, 'INVALID_ARGUMENT', '#/properties: it must be an object'],
    [{ properties: { a: 1 } }, 'INVALID_ARGUMENT', '#/properties/a: a schema is an object'],
    [{ required: 'a' }, 'INVALID_ARGUMENT', '#/required: it must be an array of strings'],
    [{ minLength: -1 }, 'INVALID_ARGUMENT', '#/minLength: it must be a whole number, 0 or more, not -1'],
    [{ minItems: 1_000_001 }, 'LIMIT', '#/minItems: 1000001 is more than the limit of 1000000'],
    [{ minimum: '1' }, 'INVALID_ARGUMENT', '#/minimum: it must be a number, not "1"'],
    [{ exclusiveMinimum: '1' }, 'INVALID_ARGUMENT', '#/exclusiveMinimum: it must be a number'],
    [{ enum: [] }, 'INVALID_ARGUMENT', '#/enum: it must be a non-empty array'],
    [{ anyOf: {} }, 'INVALID_ARGUMENT', '#/anyOf: it must be a non-empty array'],
    [{ pattern: 7 }, 'INVALID_ARGUMENT', '#/pattern: it must be a string'],
    [{ pattern: '(' }, 'INVALID_ARGUMENT', '#/pattern: a ( has no )'],
    [{ pattern: 'a)' }, 'INVALID_ARGUMENT', '#/pattern: a ) has no ('],
    [{ pattern: '[a' }, 'INVALID_ARGUMENT', '#/pattern: a [ has no ]'],
    [{ pattern: '*' }, 'INVALID_ARGUMENT', '#/pattern: * has nothing to repeat'],
    [{ pattern: 'a{2,1}' }, 'INVALID_ARGUMENT', '#/pattern: {2,1} ends before it begins'],
    [{ pattern: 'a{x}' }, 'INVALID_ARGUMENT', '#/pattern: { is not a valid repetition'],
    [{ pattern: '[z-a]' }, 'INVALID_ARGUMENT', '#/pattern: a range in a class'],
    [{ pattern: 'a{2000000}' }, 'LIMIT', '#/pattern: {2000000}: at most 1000000'],
    [{ pattern: '('.repeat(200) }, 'LIMIT', '#/pattern: groups are nested more than 100 deep'],
    [{ pattern: 'a\\' }, 'INVALID_ARGUMENT', '#/pattern: it ends with a backslash'],
    [{ pattern: '(?i)a' }, 'UNSUPPORTED', '#/pattern: a flag (?…) is not supported'],
    [{ pattern: '(?<=a(?=b))b' }, 'UNSUPPORTED', '#/pattern: (?=…), \\b or $ within (?<=…)'],
    [{ pattern: '(a)\\1' }, 'UNSUPPORTED', '#/pattern: \\1 is not supported'],
    [{ pattern: '\\Aa' }, 'UNSUPPORTED', '#/pattern: \\A is not supported'],
    [{ pattern: '\\p{Letters}' }, 'INVALID_ARGUMENT', '#/pattern: \\p needs the name of a Unicode property'],
    [{ pattern: 'a$b' }, 'INVALID_ARGUMENT', 'no text matches at #'],
    [
      { pattern: '^(a|b)*a(a|b){30}$', minLength: 40 },
      'LIMIT',
      '#/pattern: this needs too large an automaton',
    ],
    [{ allOf: [{ pattern: '^a$' }, { pattern: '^b$' }] }, 'INVALID_ARGUMENT', 'no text matches at #'],
    [
      { uniqueItems: true, items: { type: 'object' } },
      'UNSUPPORTED',
      '#/uniqueItems: items that must differ, and are arrays, or objects that require no string',
    ],
    [
      { uniqueItems: true, items: { type: 'string' }, minItems: 11 },
      'UNSUPPORTED',
      '#/uniqueItems: at most 10 items can be told apart here, and minItems is 11',
    ],
    [{ multipleOf: 0 }, 'INVALID_ARGUMENT', '#/multipleOf: it must be more than 0'],
    [{ not: {} }, 'INVALID_ARGUMENT', 'nothing is valid by it: # allows nothing'],
    [
      { type: 'array', not: { uniqueItems: true } },
      'UNSUPPORTED',
      '#/not/uniqueItems: the opposite of "uniqueItems" is not supported',
    ],
    [{ patternProperties: 7 }, 'INVALID_ARGUMENT', '#/patternProperties: it must be an object'],
    [{ patternProperties: { '[': true } }, 'INVALID_ARGUMENT', '#/patternProperties/[: a [ has no ]'],
    [{ $ref: 'http://x/y' }, 'UNSUPPORTED', '#/$ref: "http://x/y" is in another document'],
    [{ $ref: '#name' }, 'INVALID_ARGUMENT', '#/$ref: there is no anchor "#name"'],
    [{ $ref: '#/$defs/x' }, 'INVALID_ARGUMENT', '#/$ref: there is no "#/$defs/x"'],
    [{ $ref: '#/constructor' }, 'INVALID_ARGUMENT', '#/$ref: there is no'],
    [{ $ref: '#/$defs', $defs: [] }, 'INVALID_ARGUMENT', '#/$ref: "#/$defs" is not a schema'],
    [{ $ref: '#/%' }, 'INVALID_ARGUMENT', '#/$ref: "#/%" is not a URI fragment'],
    [{ $ref: 7 }, 'INVALID_ARGUMENT', '#/$ref: a reference is a string'],
    [{ $ref: '#' }, 'INVALID_ARGUMENT', '#: its references lead to each other'],
    [
      { anyOf: [{ $ref: '#' }, { type: 'null' }] },
      'INVALID_ARGUMENT',
      'combinations lead more than 100 times to each other',
    ],
    [false, 'INVALID_ARGUMENT', 'nothing is valid by it: # is false'],
    [
      { type: 'string', minLength: 3, maxLength: 2 },
      'INVALID_ARGUMENT',
      'nothing is valid by it: minLength is more than maxLength at #',
    ],
    [
      { type: 'object', properties: { a: { type: 'integer', minimum: 3, maximum: 2 } }, required: ['a'] },
      'INVALID_ARGUMENT',
      'nothing is valid by it: no whole number is within its limits at #/properties/a',
    ],
    [{ type: 'number', minimum: 1e20 }, 'INVALID_ARGUMENT', 'no number of 15 digits is within its limits'],
    [{ type: 'array', minItems: 2, maxItems: 1 }, 'INVALID_ARGUMENT', 'minItems is more than maxItems at #'],
    [
      { type: 'array', prefixItems: [true], items: false, minItems: 2 },
      'INVALID_ARGUMENT',
      'nothing is valid by it: #/items is false',
    ],
    [
      { type: 'string', enum: [1, 2] },
      'INVALID_ARGUMENT',
      'no value of enum or const is allowed by the rest',
    ],
    [
      { allOf: [{ type: 'string' }, { type: 'null' }] },
      'INVALID_ARGUMENT',
      'nothing is valid by it: # allows nothing',
    ],
    [{ type: 'string', pattern: '^[^\\d\\D]$' }, 'INVALID_ARGUMENT', 'no text matches at #'],
    [
      { type: 'object', required: ['a'], additionalProperties: false },
      'INVALID_ARGUMENT',
      '#/additionalProperties is false',
    ],
    [
      {
        $ref: '#/$defs/n',
        $defs: { n: { type: 'object', properties: { next: { $ref: '#/$defs/n' } }, required: ['next'] } },
      },
      'INVALID_ARGUMENT',
      'nothing is valid by it: every value would have to contain another one',
    ],
    [{ enum: Array.from({ length: 200_000 }, (_, i) => `value ${i}`) }, 'LIMIT', 'it has'],
    [
      { anyOf: Array.from({ length: 1001 }, (_, i) => ({ const: i })) },
      'LIMIT',
      '#: its combinations come to more than 1000 schemas',
    ],
    [
      { properties: { ['x'.repeat(501)]: true }, additionalProperties: true },
      'LIMIT',
      'a name may have 500 characters, not 501',
    ],
    [
      { allOf: Array.from({ length: 12 }, () => ({ anyOf: [{ minimum: 1 }, { maximum: 9 }] })) },
      'LIMIT',
      'combinations',
    ],
    [
      { properties: Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [i, {}])) },
      'LIMIT',
      'more than 20000 rules',
    ],
    [
      {
        type: 'array',
        maxItems: 9999,
        items: {
          type: 'array',
          maxItems: 9999,
          items: { type: 'array', minItems: 9999, items: { type: 'string', maxLength: 9999 } },
        },
      },
      'none',
      '',
    ],
  ])('%.60j', (schema, code, message) => {
    const attempt = () => compileGrammar(tokenizer, schemaGrammar(schema)).matcher()
    if (code === 'none') attempt()
    else expect(attempt).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
  })

  it.each<[what: string, schema: object]>([
    ['merged', { allOf: Array.from({ length: 1001 }, (_, i) => ({ properties: { [`p${i}`]: true } })) }],
    ['compared', { oneOf: Array.from({ length: 30_000 }, (_, i) => ({ const: i })) }],
    [
      'merged in all',
      {
        $defs: { many: { anyOf: Array.from({ length: 140 }, (_, i) => ({ const: i })) } },
        properties: Object.fromEntries(
          Array.from({ length: 200 }, (_, i) => [
            `p${i}`,
            { title: `${i}`, allOf: [{ $ref: '#/$defs/many' }, { $ref: '#/$defs/many' }] },
          ]),
        ),
      },
    ],
    ['compared in depth', deepUnion(12)],
  ])('%s endlessly is stopped', (_, schema) => {
    expect(() => schemaGrammar(schema)).toThrow(
      expect.objectContaining({
        code: 'LIMIT',
        message: expect.stringContaining('its combinations come to more than'),
      }),
    )
  })

  it.each([990, 1000, 3000])('a constant nested %i deep is read or refused by a limit', (depth) => {
    let value: unknown = 1
    for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value }
    const attempt = () =>
      compileGrammar(tokenizer, schemaGrammar({ const: value })).matches(JSON.stringify(value))
    if (depth < 1000) expect(attempt()).toBe(true)
    else expect(attempt).toThrow(expect.objectContaining({ code: 'LIMIT' }))
  })

  it('a pattern of many options is read or refused by a limit', () => {
    const grammar = schemaGrammar({ type: 'string', pattern: `^(?:${'a|'.repeat(200_000)}b)$` })
    expect(compileGrammar(tokenizer, grammar).matches('"b"')).toBe(true)
  })

  it('large enums that must hold together, or apart, are cheap', () => {
    const numbers = (from: number) => Array.from({ length: 40_000 }, (_, i) => from + i)
    const both = compileGrammar(
      tokenizer,
      schemaGrammar({ allOf: [{ enum: numbers(0) }, { enum: numbers(39_990) }] }),
    )
    expect(['39990', '39999', '39989', '40000'].map((text) => both.matches(text))).toEqual([
      true,
      true,
      false,
      false,
    ])
    const either = schemaGrammar({ oneOf: [{ enum: numbers(0) }, { enum: numbers(40_000) }] })
    expect(compileGrammar(tokenizer, either).matches('79999')).toBe(true)
  })

  it('a large enum is cheap', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => `value ${i}`)
    const compiled = compileGrammar(tokenizer, schemaGrammar({ enum: values }))
    expect(compiled.matches('"value 19999"')).toBe(true)
    expect(compiled.matches('"value 20000"')).toBe(false)
  })

  it('many optional properties are cheap', () => {
    const properties = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`p${i}`, { type: 'integer' }]),
    )
    const compiled = compileGrammar(tokenizer, schemaGrammar({ type: 'object', properties }))
    expect(compiled.matches('{"p7":1,"p250":2}')).toBe(true)
    expect(compiled.matches('{"p7":1,"p6":2}')).toBe(false)
  })
})

/** Two kinds of nested objects, of which each way to fill one has to be compared with each way to fill the other. */
function deepUnion(width: number): object {
  const names = Array.from({ length: width }, (_, i) => `p${i}`)
  const object = (level: number) => ({
    type: 'object',
    required: names,
    properties: Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/level${level}` }])),
  })
  const options = (level: number) =>
    names.map((title) => (level === 0 ? { type: 'string', title } : { ...object(level - 1), title }))
  const $defs = Object.fromEntries(
    [0, 1, 2, 3, 4].map((level) => [`level${level}`, { anyOf: options(level) }]),
  )
  return { $defs, oneOf: [{ $ref: '#/$defs/level3' }, { $ref: '#/$defs/level4' }] }
}
