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
  fc
    .tuple(
      fc.constantFrom(
        '^[A-Z]{3}-\\d+$',
        '\\S',
        '^(?=.*\\d)[a-f\\d]*$',
        '^(?!-)[a-c-]+(?<!-)$',
        '\\bab\\b',
        '^(a|b)*c$',
      ),
      span(fc.nat(8)),
    )
    .map(([pattern, [minLength, high]]) => ({ type: 'string', pattern, minLength, maxLength: high + 3 })),
  fc.constantFrom('^2', '[05]-', '29$').map((pattern) => ({ type: 'string', format: 'date', pattern })),
  fc
    .constantFrom<Schema>({ pattern: '^a' }, { minLength: 3 }, { enum: ['', 'a', 'b'] }, { const: 'é' })
    .map((not) => ({ type: 'string', maxLength: 5, not })),
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
  fc
    .tuple(fc.constantFrom(1, 2, 3, 7, 12, 40, 1000), span(fc.integer({ min: -3000, max: 3000 })))
    .map(([multipleOf, [minimum, high]]) => ({ type: 'integer', multipleOf, minimum, maximum: high + 1000 })),
  fc.constantFrom(0.5, 0.25, 0.01, 2.5, 25).map((multipleOf) => ({ type: 'number', multipleOf })),
  fc
    .constantFrom<Schema>({ type: 'integer' }, { minimum: 3 }, { multipleOf: 2 }, { enum: [0, 1, 2.5] })
    .map((not) => ({
      type: 'number',
      minimum: -20,
      maximum: 20,
      not,
    })),
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
  const named = fc
    .record({
      properties,
      patternProperties: fc.dictionary(fc.constantFrom('^a', 'x', '^.{3}$'), child, {
        minKeys: 1,
        maxKeys: 2,
      }),
      additionalProperties: fc.oneof(fc.constant(false), fc.constant(undefined), child),
      propertyNames: fc.constantFrom(undefined, { maxLength: 4 }, { pattern: '^[a-z ]*$' }),
      maxProperties: fc.constantFrom(undefined, 2, 3),
      minProperties: fc.constantFrom(undefined, 1, 2),
    })
    .map((parts) => ({ type: 'object', ...parts }))
  const dependent = fc.tuple(properties, child).map(([each, other]) => ({
    type: 'object',
    properties: { k: { enum: ['one', 'two'] }, ...each },
    required: ['k'],
    if: { properties: { k: { const: 'one' } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: { w: other }, required: ['w'] },
    else: { maxProperties: 2 },
    dependentRequired: Object.fromEntries(
      Object.keys(each)
        .slice(0, 1)
        .map((name) => [name, ['z']]),
    ),
  }))
  const chosen = fc.oneof(
    fc
      .tuple(fc.uniqueArray(scalars, { minLength: 1, maxLength: 5 }), span(fc.nat(3)))
      .map(([values, [minItems, maxItems]]) => ({
        type: 'array',
        items: { enum: values },
        uniqueItems: true,
        minItems,
        maxItems: maxItems + 1,
      })),
    fc
      .constantFrom<Schema>({ type: 'string', maxLength: 3 }, { type: 'integer' }, { type: 'number' })
      .map((items) => ({
        type: 'array',
        items,
        uniqueItems: true,
        maxItems: 4,
      })),
    fc
      .constantFrom<Schema>({}, { minContains: 2 }, { maxContains: 1 }, { minContains: 0, maxContains: 2 })
      .map((limits) => ({
        type: 'array',
        items: { type: ['integer', 'null'], minimum: 0, maximum: 30 },
        contains: { type: 'integer', minimum: 10 },
        maxItems: 4,
        ...limits,
      })),
  )
  const combined = fc.oneof(
    fc.tuple(child, child).map((oneOf) => ({ oneOf })),
    fc.tuple(child, fc.oneof(strings, numbers, others)).map(([one, not]) => ({ allOf: [one], not })),
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
      named,
      dependent,
      chosen,
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

/** Schemas of all supported kinds; a few of them are unsatisfiable. */
export const randomSchema: fc.Arbitrary<Schema> = schema.map(
  (each) => JSON.parse(JSON.stringify({ ...each, $defs })) as Schema,
)
