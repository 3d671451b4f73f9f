import { DasllamaError } from '../errors.js'

/** The format of generated text: see `GenerateOptions.responseFormat`. */
export type ResponseFormat =
  /** Unconstrained text. */
  | { readonly type: 'text' }
  /** A JSON object. */
  | { readonly type: 'json_object' }
  /** A JSON value that is valid by a JSON Schema. */
  | { readonly type: 'json_schema'; readonly schema: object | boolean }
  /** A text that follows a grammar in GBNF, llama.cpp's grammar language. */
  | { readonly type: 'grammar'; readonly grammar: string }

/** Whether the text of a generation with these options is constrained. */
export function isConstrained({
  responseFormat,
}: {
  readonly responseFormat?: ResponseFormat | undefined
}): boolean {
  return responseFormat !== undefined && responseFormat.type !== 'text'
}

/** Members of a format besides `type`. */
const MEMBERS: Readonly<Record<ResponseFormat['type'], readonly string[]>> = {
  text: [],
  json_object: [],
  json_schema: ['schema'],
  grammar: ['grammar'],
}

/** Throws `INVALID_ARGUMENT` for what is not a format. Its schema or grammar is checked when it is compiled. */
export function checkResponseFormat(format: ResponseFormat | undefined | null): void {
  if (format === undefined) return
  if (typeof format !== 'object' || format === null) throw noFormat(String(format))
  const { type } = format
  if (!Object.hasOwn(MEMBERS, type)) throw noFormat(type)
  refuseOthers(format, MEMBERS[type])
  if (type === 'grammar') checkSource(format.grammar)
}

function checkSource(grammar: unknown): void {
  if (typeof grammar === 'string') return
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `responseFormat.grammar must be a string, not ${typeof grammar}`,
  )
}

function refuseOthers(format: ResponseFormat, known: readonly string[]): void {
  for (const name of Object.keys(format)) {
    if (name === 'type' || known.includes(name)) continue
    const members = ['type', ...known].join(' and ')
    throw new DasllamaError('INVALID_ARGUMENT', `responseFormat has no member "${name}"`, {
      hint: `of type "${format.type}" it has ${members}`,
    })
  }
}

function noFormat(what: unknown): DasllamaError {
  return new DasllamaError(
    'INVALID_ARGUMENT',
    `there is no responseFormat ${JSON.stringify(what) ?? String(what)}`,
    {
      hint: 'it is { type: "text" }, { type: "json_object" }, { type: "json_schema", schema } or { type: "grammar", grammar }',
    },
  )
}
