/** Formats to begin with. */
export type FormatKind = 'json_schema' | 'grammar'

export interface FormatExample {
  readonly name: string
  readonly kind: FormatKind
  readonly source: string
  readonly prompt: string
}

const schema = (value: object) => JSON.stringify(value, null, 2)

export const EXAMPLES: readonly FormatExample[] = [
  {
    name: 'A character',
    kind: 'json_schema',
    prompt: 'The hero of the story:',
    source: schema({
      type: 'object',
      properties: {
        name: { type: 'string', minLength: 3, maxLength: 12 },
        kind: { enum: ['girl', 'boy', 'dog', 'dragon'] },
        age: { type: 'integer', minimum: 1, maximum: 12 },
        likes: {
          type: 'array',
          items: { type: 'string', minLength: 3, maxLength: 14 },
          minItems: 1,
          maxItems: 3,
        },
      },
      required: ['name', 'kind', 'age', 'likes'],
    }),
  },
  {
    name: 'Dates and patterns',
    kind: 'json_schema',
    prompt: 'Lily’s birthday party:',
    source: schema({
      type: 'object',
      properties: {
        date: { type: 'string', format: 'date' },
        code: { type: 'string', pattern: '^[A-Z]{3}-[0-9]{4}$' },
        guests: { type: 'integer', minimum: 2, maximum: 20, multipleOf: 2 },
      },
      required: ['date', 'code', 'guests'],
    }),
  },
  {
    name: 'A dialogue',
    kind: 'grammar',
    prompt: 'They talked.',
    source: `root ::= line{2,4}
line ::= ("Lily" | "Tom") ": " [A-Z] [a-z ,']{8,40} [.!?] "\\n"
`,
  },
  {
    name: 'A list',
    kind: 'grammar',
    prompt: 'Lily saw',
    source: `root ::= item{3}
item ::= "- " [a-z] [a-z ]{4,25} "\\n"
`,
  },
]
