/**
 * Schemas in the form that Pydantic 2 writes them (`model_json_schema()`): titles everywhere, `$defs`, `anyOf` with null
 * for optional fields, discriminators, `prefixItems` with counts for tuples.
 */
export const PYDANTIC: Record<
  string,
  { readonly schema: object; readonly accepts: readonly unknown[]; readonly rejects: readonly unknown[] }
> = {
  'model with constraints': {
    schema: {
      properties: {
        name: { maxLength: 40, minLength: 1, title: 'Name', type: 'string' },
        price: { exclusiveMinimum: 0, title: 'Price', type: 'number', multipleOf: 0.01 },
        sku: { pattern: '^[A-Z]{3}-\\d{4}$', title: 'Sku', type: 'string' },
        tags: {
          items: { enum: ['new', 'sale', 'old'], type: 'string' },
          title: 'Tags',
          type: 'array',
          uniqueItems: true,
        },
        note: { anyOf: [{ type: 'string' }, { type: 'null' }], default: null, title: 'Note' },
        created: { format: 'date-time', title: 'Created', type: 'string' },
        id: { format: 'uuid', title: 'Id', type: 'string' },
      },
      required: ['name', 'price', 'sku', 'tags'],
      title: 'Item',
      type: 'object',
    },
    accepts: [
      { name: 'Lamp', price: 9.99, sku: 'LMP-0001', tags: ['sale', 'new'], note: null },
      { name: 'Lamp', price: 9, sku: 'LMP-0001', tags: [], created: '2024-01-01T00:00:00Z' },
    ],
    rejects: [
      { name: 'Lamp', price: 9.999, sku: 'LMP-0001', tags: [] },
      { name: 'Lamp', price: 0, sku: 'LMP-0001', tags: [] },
      { name: 'Lamp', price: 1, sku: 'LMP-0001', tags: ['new', 'new'] },
    ],
  },
  'discriminated union': {
    schema: {
      $defs: {
        Cat: {
          properties: {
            pet_type: { const: 'cat', title: 'Pet Type', type: 'string' },
            meows: { title: 'Meows', type: 'integer' },
          },
          required: ['pet_type', 'meows'],
          title: 'Cat',
          type: 'object',
        },
        Dog: {
          properties: {
            pet_type: { const: 'dog', title: 'Pet Type', type: 'string' },
            barks: { title: 'Barks', type: 'number' },
          },
          required: ['pet_type', 'barks'],
          title: 'Dog',
          type: 'object',
        },
      },
      properties: {
        pet: {
          discriminator: { mapping: { cat: '#/$defs/Cat', dog: '#/$defs/Dog' }, propertyName: 'pet_type' },
          oneOf: [{ $ref: '#/$defs/Cat' }, { $ref: '#/$defs/Dog' }],
          title: 'Pet',
        },
      },
      required: ['pet'],
      title: 'Owner',
      type: 'object',
    },
    accepts: [{ pet: { pet_type: 'cat', meows: 3 } }, { pet: { pet_type: 'dog', barks: 1.5 } }],
    rejects: [{ pet: { pet_type: 'cat', barks: 3 } }, { pet: { pet_type: 'cow' } }],
  },
  'tuples, dictionaries, recursion': {
    schema: {
      $defs: {
        Node: {
          additionalProperties: false,
          properties: {
            value: { title: 'Value', type: 'integer' },
            children: { default: [], items: { $ref: '#/$defs/Node' }, title: 'Children', type: 'array' },
          },
          required: ['value'],
          title: 'Node',
          type: 'object',
        },
      },
      properties: {
        point: {
          maxItems: 2,
          minItems: 2,
          prefixItems: [{ type: 'number' }, { type: 'number' }],
          title: 'Point',
          type: 'array',
        },
        scores: {
          additionalProperties: { type: 'integer' },
          title: 'Scores',
          type: 'object',
          minProperties: 1,
        },
        by_code: {
          patternProperties: { '^[a-z]{2}$': { type: 'string' } },
          additionalProperties: false,
          title: 'By Code',
          type: 'object',
        },
        root: { $ref: '#/$defs/Node' },
      },
      required: ['point', 'scores', 'by_code', 'root'],
      title: 'Everything',
      type: 'object',
    },
    accepts: [
      {
        point: [1, 2.5],
        scores: { a: 1 },
        by_code: { de: 'x' },
        root: { value: 1, children: [{ value: 2 }] },
      },
    ],
    rejects: [
      { point: [1], scores: { a: 1 }, by_code: {}, root: { value: 1 } },
      { point: [1, 2], scores: {}, by_code: {}, root: { value: 1 } },
      { point: [1, 2], scores: { a: 1 }, by_code: { deu: 'x' }, root: { value: 1 } },
    ],
  },
}
