import fc from 'fast-check'

type Schema = Record<string, unknown>

const NAMES = ['a', 'b', 'name', 'x y', 'é', 'q"', '__proto__', '']
const scalars = fc.constantFrom<unknown>(null, true, false, 0, -1, 2.5, 'red', 'blue "sky"', 'ü\n', '', 1e21)

/** Bounds a ≤ b. */
const span = (arbitrary: fc.Arbitrary<number>) =>
  fc.tuple(arbitrary, arbitrary).map((pair) => pair.sort((a, b) => a - b))

const strings: fc.Arbitrary<Schema> = fc.oneof(
  fc.constant({ type: 'string' }),
  span(fc.nat(6)).map(([minLength, maxLength]) => ({ type: 'string', minLength, maxLength })),
  fc
    .constantFrom(
      '^[a-c]{1,3}$',
      '^\\d{2}-\\d{2}$',
      'x',
      '^(?:ab|c)+$',
      '^"\\\\?\\n$',
      '[^a-z]$',
      '^é.ü$',
      '^\\w+\\s?$|^-$',
      '^[^"]{2}',
    )
    .map((pattern) => ({ type: 'string', pattern })),
  fc.constantFrom('date', 'time', 'date-time', 'uuid', 'email').map((format) => ({ type: 'string', format })),
)

const limits = fc.oneof(
  fc.integer({ min: -30, max: 1200 }),
  fc.constantFrom(0.5, 1e-7, 0.1, -0.25, 99.95, 123456.789, -1e6, 2 ** 40),
)

const numbers: fc.Arbitrary<Schema> = fc.oneof(
  fc.constantFrom({ type: 'number' }, { type: 'integer' }),
  span(limits).map(([minimum, high]) => ({ type: 'number', minimum, maximum: high })),
  span(limits).map(([minimum, high]) => ({ type: 'integer', minimum, maximum: high + 1 })),
  span(limits).map(([low, high]) => ({
    type: 'number',
    exclusiveMinimum: low,
    exclusiveMaximum: high + 0.5,
  })),
  limits.map((exclusiveMinimum) => ({ type: 'integer', exclusiveMinimum })),
  limits.map((maximum) => ({ type: 'number', maximum })),
)

const others: fc.Arbitrary<Schema> = fc.oneof(
  fc.constantFrom<Schema>({ type: 'boolean' }, { type: 'null' }, { type: ['string', 'null'], maxLength: 4 }),
  fc.uniqueArray(scalars, { minLength: 1, maxLength: 4 }).map((values) => ({ enum: values })),
  scalars.map((value) => ({ const: value })),
  fc.constant({ const: { deep: [1, { x: null }] } }),
)

const { schema } = fc.letrec<{ schema: Schema }>((tie) => {
  const child = tie('schema')
  const properties = fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 4 }).chain((names) =>
    fc.tuple(...names.map(() => child)).map((schemas) =>
      // `fromEntries` makes `__proto__` a member like any other.
      Object.fromEntries(names.map((name, i) => [name, schemas[i]])),
    ),
  )
  const objects = fc
    .record({
      properties,
      required: fc.subarray(NAMES).map((names) => names.slice(0, 3)),
      additionalProperties: fc.oneof(fc.constant(undefined), fc.constant(true), child),
    })
    .map((parts) => ({ type: 'object', ...parts }))
  const closed = properties.map((each) => ({
    type: 'object',
    properties: each,
    required: Object.keys(each).slice(0, 2),
    additionalProperties: false,
  }))
  const arrays = fc.oneof(
    fc
      .tuple(child, span(fc.nat(3)))
      .map(([items, [minItems, maxItems]]) => ({ type: 'array', items, minItems, maxItems })),
    fc.tuple(child, child).map((prefixItems) => ({ type: 'array', prefixItems, items: false, minItems: 1 })),
    fc
      .tuple(child, child)
      .map(([first, items]) => ({ type: 'array', prefixItems: [first], items, maxItems: 3 })),
  )
  const combined = fc.oneof(
    fc.array(child, { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc.tuple(closed, properties).map(([one, more]) => ({
      allOf: [
        { type: 'object', properties: more },
        { ...one, additionalProperties: undefined },
      ],
    })),
    fc.tuple(child, child).map(([one, other]) => ({
      oneOf: [
        { type: 'object', properties: { kind: { const: 'one' }, of: one }, required: ['kind'] },
        { type: 'object', properties: { kind: { const: 'other' }, of: other }, required: ['kind', 'of'] },
      ],
    })),
    fc.constant({ $ref: '#/$defs/list' }),
  )
  return {
    schema: fc.oneof(
      { depthSize: 'small', maxDepth: 3 },
      strings,
      numbers,
      others,
      objects,
      closed,
      arrays,
      combined,
    ),
  }
})

/** A list that ends. */
const $defs = {
  list: {
    type: 'object',
    properties: { value: { type: 'integer' }, next: { anyOf: [{ $ref: '#/$defs/list' }, { type: 'null' }] } },
    required: ['value'],
    additionalProperties: false,
  },
}

/** Schemas of all kinds that are supported; a few of them allow nothing. */
export const randomSchema: fc.Arbitrary<Schema> = schema.map(
  (each) => JSON.parse(JSON.stringify({ ...each, $defs })) as Schema,
)
