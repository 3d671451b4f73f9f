/** Schemas as the libraries write them that programs describe their data with: all of them compile, and hold. */
import { Type } from '@sinclair/typebox'
import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { compileGrammar } from '../../src/grammar/compiled-grammar.js'
import { convertSchema } from '../../src/grammar/schema/convert.js'
import { ajvValidator } from './ajv.js'
import { PYDANTIC } from './pydantic.js'
import { randomNumbers, randomText } from './random-text.js'
import { bpeTokenizer } from './small-tokenizer.js'

const tokenizer = bpeTokenizer()

interface Written {
  readonly schema: object
  readonly accepts: readonly unknown[]
  readonly rejects: readonly unknown[]
  /** Keywords of the notices. */
  readonly ignored?: readonly string[]
}

const ZOD: Record<string, [type: z.ZodType, accepts: unknown[], rejects: unknown[]]> = {
  email: [z.email(), ['a.b@example.org'], ['.a@example.org', 'a..b@example.org', 'a@b', '']],
  uuid: [z.uuid(), ['123e4567-e89b-12d3-a456-426614174000'], ['123e4567-e89b-02d3-a456-426614174000']],
  'iso date': [z.iso.date(), ['2024-02-29'], ['2023-02-29', '2024-2-9']],
  'iso datetime': [
    z.iso.datetime(),
    ['2024-02-29T10:00:00Z', '2024-01-01T00:00:00.5Z'],
    ['2024-02-30T10:00:00Z'],
  ],
  'iso time': [z.iso.time(), ['10:30:00', '10:30:00.25'], ['25:00:00', '1:00:00']],
  'iso duration': [z.iso.duration(), ['P1D', 'PT5M'], ['P', '1D', 'PT']],
  ipv4: [z.ipv4(), ['127.0.0.1', '255.255.255.255'], ['256.0.0.1', '1.2.3']],
  ipv6: [z.ipv6(), ['::1', '2001:db8::ff00:42:8329'], ['1:2:3', 'x']],
  url: [z.url(), ['https://example.org/a?b=c'], ['no url']],
  'base64 and jwt': [
    z.object({ a: z.base64(), b: z.base64url() }),
    [{ a: 'YWI=', b: 'YWI' }],
    [{ a: 'YW=', b: '' }],
  ],
  ulid: [z.ulid(), ['01ARZ3NDEKTSV4RRFFQ69G5FAV'], ['01ARZ3NDEKTSV4RRFFQ69G5FA', 'abc']],
  nanoid: [z.nanoid(), ['V1StGXR8_Z5jdHi6B-myT'], ['V1StGXR8']],
  cuid2: [z.cuid2(), ['tz4a98xxat96iws9zmbrgj3a'], ['']],
  e164: [z.e164(), ['+491701234567'], ['0170', '+0']],
  emoji: [z.emoji(), ['😀'], ['a']],
  'string checks': [
    z
      .string()
      .min(2)
      .max(20)
      .regex(/^[a-z]+(-[a-z]+)*$/)
      .startsWith('ab')
      .endsWith('z'),
    ['ab-z', 'abz'],
    ['z-ab', 'a', 'ab-', `ab${'c'.repeat(19)}z`],
  ],
  includes: [z.string().includes('needle').max(10), ['a needle'], ['haystack', 'a long needle']],
  'int and bounds': [z.int().min(-3).max(12), [-3, 12], [13, 1.5]],
  'multiple of': [z.number().multipleOf(0.25).min(0).max(2), [0, 0.25, 1.5], [0.3, 2.25]],
  'positive, safe': [z.number().int().positive(), [1, 9007199254740991], [0, -1]],
  record: [z.record(z.string(), z.number()), [{ a: 1, 'b c': 2 }], [{ a: 'x' }]],
  'record of an enum': [z.record(z.enum(['a', 'b']), z.int()), [{ a: 1, b: 2 }], [{ a: 1, c: 2 }, { a: 1 }]],
  'partial record': [z.partialRecord(z.enum(['a', 'b']), z.int()), [{ a: 1, b: 2 }, { b: 1 }], [{ c: 2 }]],
  'record of a pattern': [
    z.record(z.string().regex(/^x-\w+$/), z.boolean()),
    [{ 'x-a': true }],
    [{ a: true }],
  ],
  tuple: [z.tuple([z.string(), z.int()]), [['a', 1]], [['a'], ['a', 1, 2]]],
  'tuple with rest': [z.tuple([z.string()], z.int()), [['a'], ['a', 1, 2]], [[1], ['a', 'b']]],
  set: [
    z
      .array(z.enum(['a', 'b', 'c']))
      .min(1)
      .max(3),
    [['a']],
    [[], ['d']],
  ],
  'discriminated union': [
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('circle'), r: z.number() }),
      z.object({ type: z.literal('square'), side: z.number() }),
    ]),
    [
      { type: 'circle', r: 1 },
      { type: 'square', side: 2 },
    ],
    [{ type: 'circle', side: 1 }],
  ],
  'strict and loose objects': [
    z.object({ a: z.strictObject({ x: z.int() }), b: z.looseObject({ y: z.int().optional() }) }),
    [{ a: { x: 1 }, b: { y: 2, z: null } }],
    [
      { a: { x: 1, y: 2 }, b: {} },
      { a: { x: 1 }, b: { y: 'a' } },
    ],
  ],
  'optional, nullable, default': [
    z.object({ a: z.string().optional(), b: z.int().nullable(), c: z.boolean().default(true).describe('c') }),
    [
      { b: null, c: true },
      { a: 'x', b: 1, c: false },
    ],
    [{ a: null, b: 1, c: true }],
  ],
  intersection: [
    z.intersection(z.object({ a: z.int() }), z.object({ b: z.string() })),
    [],
    [{ a: 1 }, { b: 'x' }],
  ],
  'literals and never': [
    z.union([z.literal(['a', 1, null]), z.literal(true)]),
    ['a', 1, null, true],
    ['b', 2, false],
  ],
}

const VALIBOT: Record<string, [type: v.GenericSchema, accepts: unknown[], rejects: unknown[]]> = {
  pipes: [
    v.object({
      name: v.pipe(v.string(), v.minLength(2), v.maxLength(8), v.regex(/^\S+$/)),
      mail: v.pipe(v.string(), v.email()),
      when: v.pipe(v.string(), v.isoDate()),
      n: v.pipe(v.number(), v.integer(), v.minValue(1), v.multipleOf(3)),
    }),
    [{ name: 'Lily', mail: 'a@b.org', when: '2024-01-31', n: 6 }],
    [
      { name: 'L', mail: 'a@b.org', when: '2024-01-31', n: 6 },
      { name: 'Lily', mail: 'a', when: '2024-01-31', n: 6 },
      { name: 'Lily', mail: 'a@b.org', when: '2024-01-31', n: 7 },
    ],
  ],
  variants: [
    v.variant('k', [
      v.object({ k: v.literal('a'), x: v.optional(v.string()) }),
      v.strictObject({ k: v.literal('b'), y: v.array(v.picklist(['p', 'q'])) }),
    ]),
    [{ k: 'a' }, { k: 'b', y: ['p', 'q'] }],
    [{ k: 'b' }, { k: 'c' }],
  ],
  'records, tuples, unions': [
    v.object({
      r: v.record(v.pipe(v.string(), v.regex(/^[a-z]{1,3}$/)), v.number()),
      t: v.looseTuple([v.string(), v.number()]),
      u: v.nullable(v.union([v.boolean(), v.literal(7)])),
    }),
    [{ r: { ab: 1 }, t: ['a', 1], u: 7 }],
    [
      { r: { abcd: 1 }, t: ['a', 1], u: 7 },
      { r: {}, t: ['a'], u: 7 },
    ],
  ],
}

const TYPEBOX: Record<string, Written> = {
  strings: {
    schema: Type.Object({
      a: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
      b: Type.String({ format: 'ipv4' }),
      c: Type.String({ format: 'phone-number' }),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: TypeBox's own language
      d: Type.TemplateLiteral('item-${0|1|2}'),
    }),
    accepts: [{ a: ' x', b: '1.2.3.4', c: 'any', d: 'item-1' }],
    rejects: [
      { a: ' ', b: '1.2.3.4', c: 'any', d: 'item-1' },
      { a: 'x', b: '1.2.3.4', c: 'any', d: 'item-3' },
    ],
    ignored: ['format'],
  },
  'objects and records': {
    schema: Type.Composite([
      Type.Object({ a: Type.Integer({ multipleOf: 5 }) }),
      Type.Object({ r: Type.Record(Type.Union([Type.Literal('x'), Type.Literal('y')]), Type.Number()) }),
      Type.Object({ p: Type.Record(Type.String({ pattern: '^k\\d$' }), Type.Boolean()) }),
    ]),
    accepts: [{ a: 10, r: { x: 1, y: 2 }, p: { k1: true } }],
    rejects: [
      { a: 11, r: { x: 1, y: 2 }, p: {} },
      { a: 10, r: { x: 1, y: 2 }, p: { k: 'a' } },
    ],
  },
  arrays: {
    schema: Type.Object({
      u: Type.Array(Type.Union([Type.Literal('a'), Type.Literal('b'), Type.Literal('c')]), {
        uniqueItems: true,
      }),
      c: Type.Array(Type.Integer(), { contains: Type.Integer({ minimum: 10 }), maxItems: 3 }),
      t: Type.Tuple([Type.String(), Type.Null()]),
    }),
    accepts: [{ u: ['c', 'a'], c: [1, 10], t: ['x', null] }],
    rejects: [
      { u: ['a', 'a'], c: [10], t: ['x', null] },
      { u: [], c: [1], t: ['x', null] },
      { u: [], c: [10], t: ['x'] },
    ],
  },
  'recursive and negated': {
    schema: Type.Object({
      tree: Type.Recursive((node) =>
        Type.Object({ v: Type.Integer(), kids: Type.Array(node, { maxItems: 2 }) }),
      ),
      n: Type.Intersect([Type.String({ maxLength: 5 }), Type.Not(Type.Literal('none'))]),
    }),
    accepts: [{ tree: { v: 1, kids: [{ v: 2, kids: [] }] }, n: 'some' }],
    rejects: [
      { tree: { v: 1, kids: [{ v: 2 }] }, n: 'some' },
      { tree: { v: 1, kids: [] }, n: 'none' },
    ],
  },
}

const ALL: [name: string, written: Written][] = [
  ...Object.entries(ZOD).flatMap(([name, [type, accepts, rejects]]): [string, Written][] =>
    (['draft-2020-12', 'draft-7'] as const).map((target) => [
      `zod ${name}, ${target}`,
      { schema: z.toJSONSchema(type, { target }), accepts, rejects },
    ]),
  ),
  ...Object.entries(VALIBOT).map(([name, [type, accepts, rejects]]): [string, Written] => [
    `valibot ${name}`,
    { schema: toJsonSchema(type), accepts, rejects },
  ]),
  ...Object.entries(TYPEBOX).map(([name, written]): [string, Written] => [
    `typebox ${name}`,
    { ...written, schema: JSON.parse(JSON.stringify(written.schema)) },
  ]),
  ...Object.entries(PYDANTIC).map(([name, written]): [string, Written] => [`pydantic ${name}`, written]),
]

it.each(ALL)('%s', (name, { schema, accepts, rejects, ignored = [] }) => {
  const { grammar, notices } = convertSchema(schema)
  const compiled = compileGrammar(tokenizer, grammar)
  const texts = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value))
  expect(texts(accepts).filter((text) => !compiled.matches(text))).toEqual([])
  expect(texts(rejects).filter((text) => compiled.matches(text))).toEqual([])
  if (name.startsWith('typebox')) expect(notices.map(({ keyword }) => keyword)).toEqual(ignored)
  const isOlder = /draft-7|valibot|typebox/.test(name)
  const isValid = ajvValidator({ ...schema, $schema: undefined }, isOlder ? 'draft-07' : '2020-12')
  const random = randomNumbers(7)
  for (let run = 0; run < 15; run++) {
    const text = randomText(tokenizer, compiled, random, 400)
    // A time without a zone is one of Zod's, and not one of RFC 3339.
    if (text !== undefined && !name.includes('iso time')) expect(isValid(JSON.parse(text)), text).toBe(true)
  }
})
