import { compileGrammar } from '../../src/grammar/compiled-grammar.js'
import { convertSchema } from '../../src/grammar/schema/convert.js'
import { DasllamaError, inspectResponseFormat, inspectToolSchemas } from '../../src/index.js'
import { bpeTokenizer } from '../grammar/small-tokenizer.js'
import { checkTexts } from './check-texts.js'
import { testKind } from './kind.js'

const tokenizer = bpeTokenizer()

interface Case {
  readonly schema: object
  readonly accepts: readonly unknown[]
  readonly rejects: readonly unknown[]
}

/** Values in the order of their members, as JSON writes them. */
function attempt({ schema, accepts, rejects }: Case): void {
  const written = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value))
  const compiled = compileGrammar(tokenizer, convertSchema(schema).grammar)
  checkTexts(compiled, { accepts: written(accepts), rejects: written(rejects) })
}

const text = (parts: object) => ({ type: 'string', ...parts })

const DATE =
  '^(?:(?:\\d\\d[2468][048]|\\d\\d[13579][26]|\\d\\d0[48]|[02468][048]00|[13579][26]00)-02-29|\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|(?:02)-(?:0[1-9]|1\\d|2[0-8])))$'

testKind(
  'schema: format together with pattern',
  [
    {
      schema: text({ format: 'date', pattern: DATE }),
      accepts: ['2024-02-29', '2023-12-31'],
      rejects: ['2023-02-29'],
    },
    {
      schema: text({ format: 'date', pattern: '^20' }),
      accepts: ['2024-02-29'],
      rejects: ['1999-01-01', '20'],
    },
    {
      schema: text({ format: 'date', pattern: '-29$' }),
      accepts: ['2024-02-29'],
      rejects: ['2023-02-29', '2023-01-28'],
    },
    {
      schema: text({
        format: 'uuid',
        pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
      }),
      accepts: ['123e4567-e89b-42d3-a456-426614174000'],
      rejects: ['123e4567-e89b-12d3-a456-426614174000', '123E4567-E89B-42D3-A456-426614174000'],
    },
    {
      schema: text({ format: 'email', pattern: '@example\\.(?:org|com)$' }),
      accepts: ['a.b@example.org'],
      rejects: ['a@example.net', '@example.org', 'a@b@example.org'],
    },
    {
      schema: text({ format: 'ipv4', pattern: '^10\\.' }),
      accepts: ['10.0.0.1'],
      rejects: ['10.0.0.256', '11.0.0.1'],
    },
    { schema: text({ format: 'unheard-of', pattern: '^a+$' }), accepts: ['aa'], rejects: ['b'] },
    {
      schema: { allOf: [text({ pattern: '^a' }), { pattern: 'z$' }, { pattern: '\\d' }] },
      accepts: ['a1z'],
      rejects: ['az', '1z'],
    },
  ],
  attempt,
)

testKind(
  'schema: lengths together with patterns',
  [
    {
      schema: text({ minLength: 1, maxLength: 200, pattern: '\\S' }),
      accepts: ['a', ' a '],
      rejects: ['', '  ', 'a'.repeat(201)],
    },
    {
      schema: text({ maxLength: 12, pattern: '^[A-Z]{3}-\\d+$' }),
      accepts: ['ABC-1', 'ABC-12345678'],
      rejects: ['ABC-123456789', 'ABC-'],
    },
    {
      schema: text({ minLength: 5, pattern: '^(?:ab|c)*$' }),
      accepts: ['ababc', 'ccccc'],
      rejects: ['abab', 'ababa'],
    },
    {
      schema: text({ minLength: 3, maxLength: 3, pattern: '^.*x.*$' }),
      accepts: ['axb', 'xxx'],
      rejects: ['ax', 'abc', 'axbc'],
    },
    {
      schema: text({ maxLength: 2, pattern: '^\\p{L}+$' }),
      accepts: ['éß', '漢'],
      rejects: ['a1', 'abc', ''],
    },
    {
      schema: text({ maxLength: 4, pattern: '^(?:😀|ab)+$' }),
      accepts: ['😀😀😀😀', 'ab😀'],
      rejects: ['😀😀😀😀😀', 'ababab'],
    },
    {
      schema: text({ maxLength: 65536, pattern: '^[a-z]+(?:-[a-z]+)*$' }),
      accepts: ['a-b', 'a'.repeat(1000)],
      rejects: ['-a', ''],
    },
    {
      schema: text({ minLength: 300, pattern: '^a*$' }),
      accepts: ['a'.repeat(300)],
      rejects: ['a'.repeat(299)],
    },
  ],
  attempt,
)

testKind(
  'schema: look-around and word boundaries',
  [
    {
      schema: text({ pattern: '^(?=.*[a-z])(?=.*\\d).{4,6}$' }),
      accepts: ['abc1', '1bcdef'],
      rejects: ['abcd', '1234', 'a1'],
    },
    { schema: text({ pattern: '^(?!-)[a-z-]+(?<!-)$' }), accepts: ['a', 'a-b'], rejects: ['-a', 'a-', ''] },
    { schema: text({ pattern: '^(?!.*--)[a-z-]*$' }), accepts: ['a-b-'], rejects: ['a--b'] },
    { schema: text({ pattern: '^(?:(?!foo).)*$' }), accepts: ['fo', 'barfo'], rejects: ['foo', 'afoob'] },
    {
      schema: text({ pattern: '^(?!(?:con|nul)$)[a-z]{3,5}$' }),
      accepts: ['cone', 'abc'],
      rejects: ['con', 'nul', 'ab'],
    },
    {
      schema: text({ pattern: '\\bcat\\b' }),
      accepts: ['cat', 'a cat!'],
      rejects: ['cats', 'concat', 'catalog'],
    },
    { schema: text({ pattern: '^\\Bx' }), accepts: [], rejects: ['x'].slice(1) },
    { schema: text({ pattern: '^a(?=b)b?c?$' }), accepts: ['ab', 'abc'], rejects: ['a', 'ac'] },
    { schema: text({ pattern: '^a(?!b(?!c))[b-d]*$' }), accepts: ['a', 'abc', 'ad'], rejects: ['ab', 'abd'] },
    { schema: text({ pattern: '^(?=^a)(?=.*b$)' }), accepts: ['ab', 'axxb'], rejects: ['b', 'a'] },
    { schema: text({ pattern: '(?<=\\$)\\d+' }), accepts: ['$5', 'a $12'], rejects: ['5', '$x'] },
    { schema: text({ pattern: '(?<!\\d)\\d{2}(?!\\d)' }), accepts: ['12', 'a12b'], rejects: ['123', '1'] },
    { schema: text({ pattern: '^(?:a$|b)c?' }), accepts: ['a', 'bc', 'bx'], rejects: ['ac'] },
    { schema: text({ pattern: '(^a|b$)' }), accepts: ['ax', 'xb'], rejects: ['xa', 'bx'] },
    { schema: text({ pattern: '^[\\w-.]+$' }), accepts: ['a-b.c'], rejects: ['a b'] },
  ].filter(({ accepts, rejects }) => accepts.length + rejects.length > 0),
  attempt,
)

testKind(
  'schema: keywords of generators',
  [
    {
      schema: { type: 'object', properties: { a: {} }, minProperties: 2 },
      accepts: [{ a: 1, b: 2 }],
      rejects: [{}, { a: 1 }],
    },
    {
      schema: { type: 'object', properties: { a: {} }, required: ['a'], minProperties: 3, maxProperties: 3 },
      accepts: [{ a: 1, b: 2, c: 'x' }],
      rejects: [{ a: 1, b: 2 }],
    },
    {
      schema: { type: 'object', propertyNames: { type: 'string' }, additionalProperties: { type: 'number' } },
      accepts: [{ a: 1 }],
      rejects: [{ a: 'x' }],
    },
    {
      schema: { type: 'object', propertyNames: { pattern: '^[a-z]+$', maxLength: 3 } },
      accepts: [{ abc: 1 }, {}],
      rejects: [{ A: 1 }, { abcd: 1 }],
    },
    {
      schema: {
        type: 'object',
        propertyNames: { enum: ['a', 'b'] },
        additionalProperties: { type: 'integer' },
      },
      accepts: [{ a: 1, b: 2 }, { b: 1 }],
      rejects: [{ c: 1 }, { a: 'x' }],
    },
    {
      schema: { type: 'object', properties: { id: true, x: true }, propertyNames: { maxLength: 1 } },
      accepts: [{ x: 1 }],
      rejects: [{ id: 1 }],
    },
    {
      schema: {
        oneOf: ['a', 'b'].map((k) => ({ type: 'object', properties: { k: { const: k } }, required: ['k'] })),
        discriminator: { propertyName: 'k' },
      },
      accepts: [{ k: 'a' }],
      rejects: [{ k: 'c' }],
    },
    {
      schema: { type: 'string', nullable: true, example: 'x', enumNames: ['a'], contentEncoding: 'base64' },
      accepts: ['a', null],
      rejects: [1],
    },
    {
      schema: {
        type: 'object',
        patternProperties: { '^x-': { type: 'string' } },
        additionalProperties: false,
      },
      accepts: [{ 'x-a': '1' }, {}],
      rejects: [{ a: '1' }, { 'x-a': 1 }],
    },
    {
      schema: {
        type: 'object',
        properties: { ab: { minimum: 5 } },
        patternProperties: { '^a': { type: 'integer' }, b$: { maximum: 9 } },
      },
      accepts: [
        { ab: 7, ac: 3 },
        { ab: 5, cb: 9 },
      ],
      rejects: [{ ab: 4 }, { ab: 10 }, { ab: 5.5 }, { ac: 'x' }, { aab: 10 }],
    },
    {
      schema: {
        type: 'object',
        additionalProperties: { type: 'integer' },
        minProperties: 2,
        maxProperties: 3,
      },
      accepts: [
        { a: 1, b: 2 },
        { a: 1, b: 2, c: 3 },
      ],
      rejects: [{}, { a: 1 }, { a: 1, b: 2, c: 3, d: 4 }],
    },
    {
      schema: { type: 'object', properties: { a: true, b: true, c: true }, minProperties: 2 },
      accepts: [
        { a: 1, c: 1 },
        { a: 1, b: 1, c: 1 },
      ],
      rejects: [{ a: 1 }, {}],
    },
    {
      schema: { type: 'object', properties: { a: true, b: true, c: true }, maxProperties: 1 },
      accepts: [{ c: 1 }, {}],
      rejects: [{ a: 1, b: 1 }],
    },
    {
      schema: { type: 'object', properties: { a: { const: 1 }, b: true }, dependentRequired: { a: ['b'] } },
      accepts: [{ a: 1, b: 2 }, { b: 1 }],
      rejects: [{ a: 1 }],
    },
    {
      schema: {
        type: 'object',
        properties: { a: true, b: { type: 'integer' } },
        dependentSchemas: { a: { properties: { b: { minimum: 5 } } } },
      },
      accepts: [{ a: 1, b: 5 }, { b: 1 }],
      rejects: [{ a: 1, b: 1 }],
    },
    {
      schema: {
        type: 'object',
        properties: { k: { enum: ['a', 'b'] }, x: true },
        required: ['k'],
        if: { properties: { k: { const: 'a' } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { required: ['x'] },
        else: { properties: { x: false } },
      },
      accepts: [{ k: 'a', x: 1 }, { k: 'b' }],
      rejects: [{ k: 'a' }, { k: 'b', x: 1 }],
    },
    {
      schema: { type: 'object', properties: { a: { type: 'integer' } }, unevaluatedProperties: false },
      accepts: [{ a: 1 }, {}],
      rejects: [{ b: 1 }],
    },
  ],
  attempt,
)

testKind(
  'schema: numbers',
  [
    { schema: { type: 'integer', multipleOf: 1 }, accepts: [5, 0, -3], rejects: [1.5] },
    {
      schema: { type: 'integer', multipleOf: 7, minimum: -20, maximum: 100 },
      accepts: [-14, 0, 7, 98],
      rejects: [-21, 8, 105],
    },
    { schema: { type: 'integer', multipleOf: 1000 }, accepts: [0, 3000, -12000], rejects: [100, 3001] },
    { schema: { type: 'integer', multipleOf: 120 }, accepts: [120, 1200, 240], rejects: [100, 60, 130] },
    { schema: { type: 'number', multipleOf: 0.01 }, accepts: [1.25, 3, -0.07, 0], rejects: [1.255] },
    {
      schema: { type: 'number', multipleOf: 0.25, maximum: 1 },
      accepts: [0.75, 1, -2.5],
      rejects: [0.3, 1.25],
    },
    { schema: { type: 'number', multipleOf: 2.5 }, accepts: [2.5, 5, 7.5, -10], rejects: [2, 3.75] },
    { schema: { type: 'integer', multipleOf: 12345 }, accepts: [0, 12345, -24690], rejects: [12346, 1] },
    {
      schema: { type: 'integer', allOf: [{ multipleOf: 4 }, { multipleOf: 6 }] },
      accepts: [12, 24],
      rejects: [4, 6, 18],
    },
    {
      schema: { type: 'number', minimum: 3, exclusiveMinimum: true, maximum: 5, exclusiveMaximum: false },
      accepts: [4, 5],
      rejects: [3],
    },
    {
      schema: { type: 'number', not: { type: 'integer' }, minimum: 0, maximum: 3 },
      accepts: [1.5],
      rejects: [1, 0],
    },
    { schema: { type: 'integer', not: { multipleOf: 2 } }, accepts: [1, -3], rejects: [2, 0] },
  ],
  attempt,
)

testKind(
  'schema: arrays',
  [
    {
      schema: { type: 'array', items: { enum: ['a', 'b'] }, uniqueItems: true },
      accepts: [['a'], ['b', 'a'], []],
      rejects: [['a', 'a']],
    },
    {
      schema: { type: 'array', items: { enum: [1, '1', null, [1]] }, uniqueItems: true, minItems: 3 },
      accepts: [
        [[1], 1, '1'],
        [null, 1, '1', [1]],
      ],
      rejects: [
        [1, 1, '1'],
        [1, null],
      ],
    },
    {
      schema: { type: 'array', items: { type: 'boolean' }, uniqueItems: true },
      accepts: [[true, false], [false]],
      rejects: [[true, true]],
    },
    {
      schema: { type: 'array', items: { type: 'string' }, uniqueItems: true },
      accepts: [['red', 'blue'], ['']],
      rejects: [
        ['red', 'red'],
        ['', ''],
      ],
    },
    {
      schema: { type: 'array', items: { type: 'integer' }, uniqueItems: true, maxItems: 3 },
      accepts: [[1, 20, 3]],
      rejects: [
        [1, 1],
        [1, 2, 3, 4],
      ],
    },
    {
      schema: {
        type: 'array',
        uniqueItems: true,
        items: {
          type: 'object',
          properties: { id: { type: 'string' }, n: { type: 'integer' } },
          required: ['id'],
        },
      },
      accepts: [
        [
          { id: 'a', n: 1 },
          { id: 'b', n: 1 },
        ],
      ],
      rejects: [[{ id: 'a' }, { id: 'a' }]],
    },
    {
      schema: { type: 'array', items: { enum: Array.from({ length: 50 }, (_, i) => i) }, uniqueItems: true },
      accepts: [[1, 7, 49], [3]],
      rejects: [[7, 7], [50]],
    },
    {
      schema: { items: [{ type: 'integer' }, { type: 'string' }], additionalItems: { type: 'null' } },
      accepts: [[1, 'a', null]],
      rejects: [['a'], [1, 'a', 1]],
    },
    {
      schema: { type: 'array', items: [{ type: 'integer' }], additionalItems: false },
      accepts: [[1], []],
      rejects: [[1, 2]],
    },
    {
      schema: { type: 'array', items: { type: 'integer' }, contains: { minimum: 10 } },
      accepts: [[10], [1, 2, 30, 4]],
      rejects: [[], [1]],
    },
    {
      schema: {
        type: 'array',
        items: { type: 'integer' },
        contains: { minimum: 10 },
        minContains: 2,
        maxContains: 2,
      },
      accepts: [
        [10, 11],
        [1, 10, 2, 30],
      ],
      rejects: [[10], [10, 11, 12]],
    },
    {
      schema: {
        type: 'array',
        prefixItems: [{ type: 'string' }],
        items: { type: 'integer' },
        contains: { const: 5 },
        maxItems: 3,
      },
      accepts: [
        ['a', 5],
        ['a', 1, 5],
      ],
      rejects: [['a'], ['a', 1, 2, 5]],
    },
  ],
  attempt,
)

testKind(
  'schema: not, oneOf, references',
  [
    { schema: { type: 'string', not: { enum: ['a', 'b'] } }, accepts: ['c', 'ab', ''], rejects: ['a', 'b'] },
    { schema: { type: 'string', not: { pattern: '^x' } }, accepts: ['y', ''], rejects: ['x', 'xy'] },
    {
      schema: { not: { type: ['object', 'array', 'string', 'null'] } },
      accepts: [1, true],
      rejects: ['a', null, {}],
    },
    {
      schema: { type: 'object', properties: { a: { not: { type: 'null' } } } },
      accepts: [{ a: 1 }, {}],
      rejects: [{ a: null }],
    },
    {
      schema: { type: 'object', properties: { a: true, b: true }, not: { required: ['a', 'b'] } },
      accepts: [{ a: 1 }, { b: 1 }, {}],
      rejects: [{ a: 1, b: 1 }],
    },
    { schema: { not: { not: { type: 'integer' } } }, accepts: [1], rejects: ['a'] },
    {
      schema: { type: 'integer', not: { anyOf: [{ minimum: 5 }, { maximum: -5 }] } },
      accepts: [0, 4],
      rejects: [5, -5],
    },
    {
      schema: { type: 'array', items: { type: 'integer' }, not: { items: { minimum: 0 } } },
      accepts: [[1, -1]],
      rejects: [[1], []],
    },
    {
      schema: {
        oneOf: [
          { type: 'integer', minimum: 2 },
          { type: 'integer', maximum: 5 },
        ],
      },
      accepts: [1, 6],
      rejects: [3],
    },
    {
      schema: { oneOf: [{ type: 'integer' }, { type: 'number', minimum: 2 }] },
      accepts: [1, 2.5],
      rejects: [3, 1.5],
    },
    {
      schema: {
        oneOf: ['a', 'b'].map((name) => ({
          type: 'object',
          properties: { [name]: { type: 'integer' } },
          required: [name],
        })),
      },
      accepts: [{ a: 1 }, { b: 1 }],
      rejects: [{ a: 1, b: 1 }, {}],
    },
    {
      schema: { const: { a: [1, null] }, type: 'object', required: ['a'] },
      accepts: [{ a: [1, null] }],
      rejects: [{ a: [1] }],
    },
    {
      schema: { enum: [{ k: 1 }, { k: 'x' }, [1]], properties: { k: { type: 'integer' } } },
      accepts: [{ k: 1 }, [1]],
      rejects: [{ k: 'x' }],
    },
    { schema: { enum: ['aa', 'b', 3], pattern: '^a' }, accepts: ['aa', 3], rejects: ['b'] },
    {
      schema: { $ref: '#name', $defs: { x: { $anchor: 'name', type: 'integer' } } },
      accepts: [1],
      rejects: ['a'],
    },
    {
      schema: { $id: 'https://example.org/root', $ref: 'item', $defs: { x: { $id: 'item', type: 'null' } } },
      accepts: [null],
      rejects: [1],
    },
    {
      schema: { $ref: '#/definitions/a%25b', definitions: { 'a%b': { type: 'boolean' } } },
      accepts: [true],
      rejects: [1],
    },
    {
      schema: { properties: { $ref: { type: 'string' } }, type: 'object' },
      accepts: [{ $ref: 'a' }],
      rejects: [{ $ref: 1 }],
    },
  ],
  attempt,
)

testKind(
  'schema: unevaluated members and items',
  [
    {
      schema: {
        properties: { a: { type: 'integer' } },
        anyOf: [
          { properties: { b: true }, required: ['b'] },
          { properties: { c: true }, required: ['c'] },
        ],
        unevaluatedProperties: false,
      },
      accepts: [
        { a: 1, b: 2 },
        { a: 1, c: 2 },
      ],
      rejects: [{ a: 1, d: 2 }, { a: 1 }, { a: 1, b: 2, d: 3 }],
    },
    {
      schema: { allOf: [{ properties: { a: true } }, { unevaluatedProperties: false }] },
      accepts: [{}],
      rejects: [{ a: 1 }],
    },
    {
      schema: {
        type: 'object',
        allOf: [{ properties: { a: { type: 'integer' } } }],
        unevaluatedProperties: { type: 'string' },
      },
      accepts: [{ a: 1, x: 'y' }],
      rejects: [{ a: 'y' }, { a: 1, x: 1 }],
    },
    {
      schema: {
        prefixItems: [{ type: 'integer' }],
        anyOf: [{ prefixItems: [true, { type: 'string' }] }, true],
        unevaluatedItems: false,
      },
      accepts: [[1], [1, 'a']],
      rejects: [
        [1, 2],
        [1, 'a', 1],
      ],
    },
  ] satisfies Case[],
  attempt,
)

testKind(
  'schema: large limits',
  [
    {
      schema: text({ maxLength: 65536 }),
      accepts: ['a', 'a'.repeat(3000)],
      rejects: [1],
    },
    {
      schema: text({ maxLength: 10_100 }),
      accepts: ['a'.repeat(10_100)],
      rejects: ['a'.repeat(10_101)],
    },
    { schema: text({ maxLength: 2 ** 31 - 1 }), accepts: ['a'], rejects: [1] },
    {
      schema: { type: 'array', items: { type: 'integer' }, maxItems: 100000 },
      accepts: [[], [1]],
      rejects: [['a']],
    },
    {
      schema: { type: 'array', items: { type: 'null' }, minItems: 10300 },
      accepts: [Array(10300).fill(null)],
      rejects: [Array(10299).fill(null)],
    },
    {
      schema: { type: 'array', items: { type: 'null' }, minItems: 10210, maxItems: 10220 },
      accepts: [Array(10210).fill(null), Array(10220).fill(null)],
      rejects: [Array(10209).fill(null), Array(10221).fill(null)],
    },
    {
      schema: text({ minLength: 10145, maxLength: 10145 }),
      accepts: ['b'.repeat(10145)],
      rejects: ['b'.repeat(10144), 'b'.repeat(10146)],
    },
    { schema: { type: 'object', maxProperties: 50000 }, accepts: [{ a: 1 }], rejects: [1] },
    {
      schema: {
        type: 'object',
        properties: Object.fromEntries(
          Array.from({ length: 30 }, (_, i) => [`p${i}`, text({ maxLength: 65536 })]),
        ),
      },
      accepts: [{ p0: 'a', p29: 'b' }],
      rejects: [{ p0: 1 }],
    },
  ] satisfies Case[],
  attempt,
)

/** Objects with additional members, and the beginning of one's name; the token that may follow if the name can be closed. */
const TRAPS: { schema: object; sofar: string; name: string }[] = [
  {
    schema: {
      type: 'object',
      properties: { a: { const: 'foo' }, b: { const: 'bar' } },
      required: ['b'],
      additionalProperties: true,
    },
    sofar: '{"b":"bar","',
    name: 'a',
  },
  {
    schema: {
      type: 'object',
      properties: { a: { const: 'foo' }, b: { const: 'bar' } },
      required: ['b'],
      additionalProperties: true,
    },
    sofar: '{"a":"foo","b":"bar","',
    name: 'a',
  },
  {
    schema: {
      type: 'object',
      properties: { a: true },
      required: ['a'],
      additionalProperties: { type: 'integer' },
    },
    sofar: '{"a":1,"',
    name: 'a',
  },
  {
    schema: {
      type: 'object',
      properties: { ab: true, a: true },
      required: ['a', 'ab'],
      additionalProperties: true,
    },
    sofar: '{"ab":1,"a":1,"',
    name: 'ab',
  },
  {
    schema: {
      type: 'object',
      properties: Object.fromEntries([...'abcdefghij'].map((name) => [name, { type: 'integer' }])),
      additionalProperties: true,
    },
    sofar: '{"j":1,"',
    name: 'c',
  },
  {
    schema: {
      type: 'object',
      properties: { a: { type: 'integer' } },
      minProperties: 2,
      additionalProperties: { type: 'integer' },
    },
    sofar: '{"b":1,"',
    name: 'a',
  },
]

testKind('schema: no name is begun that cannot be closed', TRAPS, ({ schema, sofar, name }) => {
  const matcher = compileGrammar(tokenizer, convertSchema(schema).grammar).matcher()
  for (const id of tokenizer.encode(sofar, { addSpecial: false })) matcher.accept(id)
  const isAllowed = (id: number) => ((matcher.mask()[id >>> 5] >>> (id & 31)) & 1) === 1
  const [quote] = tokenizer.encode('"', { addSpecial: false })
  for (const id of tokenizer.encode(name, { addSpecial: false })) {
    if (!isAllowed(id)) return
    matcher.accept(id)
  }
  if (!isAllowed(quote)) throw new Error(`"${name} may be written and not be closed`)
})

testKind<{ schema: object; ignored: readonly string[]; says?: string }>(
  'schema: what is not enforced is listed',
  [
    { schema: { type: 'string', example: 'x' }, ignored: ['#/example'] },
    {
      schema: { type: 'string', format: 'phone' },
      ignored: ['#/format'],
      says: 'the format "phone" is not known',
    },
    { schema: { type: 'string', minLenght: 3 }, ignored: ['#/minLenght'], says: 'did you mean "minLength"?' },
    {
      schema: {
        type: 'object',
        properties: { a: { type: 'integer', 'x-order': 1, markdownDescription: '' } },
      },
      ignored: ['#/properties/a/x-order', '#/properties/a/markdownDescription'],
    },
    {
      schema: {
        oneOf: [
          { type: 'object', properties: { a: true } },
          { type: 'object', properties: { b: true } },
        ],
      },
      ignored: ['#/oneOf'],
      says: 'is read as anyOf',
    },
    { schema: { oneOf: [{ type: 'integer' }, { type: 'string' }] }, ignored: [] },
    {
      schema: {
        title: 't',
        description: 'd',
        default: 1,
        examples: [1],
        deprecated: true,
        readOnly: true,
        discriminator: {},
        $schema: 's',
      },
      ignored: [],
    },
  ],
  ({ schema, ignored, says = '' }) => {
    const notices = inspectResponseFormat({ type: 'json_schema', schema })
    const found = notices.map(({ pointer }) => pointer)
    if (found.join() !== ignored.join()) throw new Error(`found ${found}`)
    if (notices.length > 0 && !notices[0].message.includes(says)) throw new Error(notices[0].message)
  },
)

testKind<{ parameters: object; error?: readonly string[] }>(
  'schema: lists of tools',
  [
    {
      parameters: { type: 'object', properties: { path: { type: 'string', pattern: '^(?!/)(?!.*\\.\\.)' } } },
    },
    { parameters: { type: 'object', properties: { q: { type: 'string', 'x-ui': 1 } } } },
    {
      parameters: { type: 'object', properties: { re: { type: 'string', pattern: '(a)\\1' } } },
      error: ['tool "it"', '#/properties/re/pattern', '\\1'],
    },
    {
      parameters: { $ref: 'https://example.org/other.json' },
      error: ['tool "it"', '#/$ref', 'another document'],
    },
  ],
  ({ parameters, error }) => {
    const [first, report] = inspectToolSchemas([{ name: 'other' }, { name: 'it', parameters }])
    if (first.error || report.name !== 'it') throw new Error('the report is for another tool')
    if ((report.error === undefined) !== (error === undefined)) throw new Error(String(report.error))
    if (report.error && !(report.error instanceof DasllamaError)) throw new Error('not a DasllamaError')
    for (const part of error ?? [])
      if (!report.error!.message.includes(part)) throw new Error(report.error!.message)
  },
)
