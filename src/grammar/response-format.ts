import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { BoundedCache } from './bounded-cache.js'
import { type CompiledGrammar, compileGrammar } from './compiled-grammar.js'
import { parseGbnf } from './gbnf.js'
import type { Grammar } from './grammar.js'
import { MAX_CACHED_GRAMMARS } from './limits.js'
import { convertSchema, JSON_OBJECT, schemaGrammar } from './schema/convert.js'
import type { SchemaNotice } from './schema/notices.js'

/** What a generated text must look like: see `GenerateOptions.responseFormat`. */
export type ResponseFormat =
  /** Anything. */
  | { readonly type: 'text' }
  /** A JSON object. */
  | { readonly type: 'json_object' }
  /** A JSON value that is valid by a JSON Schema. */
  | { readonly type: 'json_schema'; readonly schema: object | boolean }
  /** A text that follows a grammar in GBNF, llama.cpp's grammar language. */
  | { readonly type: 'grammar'; readonly grammar: string }

/** The JSON Schema of a tool's arguments, with the name of the tool. */
export interface ToolParameters {
  readonly name: string
  readonly parameters?: object | boolean
}

/** Whether a tool's schema can be enforced. */
export interface ToolSchemaReport {
  readonly name: string
  /** What of it is not enforced. */
  readonly notices: readonly SchemaNotice[]
  /** Why it cannot be: its message names the tool, the keyword and its place. */
  readonly error?: DasllamaError
}

/** What is compiled already, by type and source. */
const compiled = new WeakMap<Tokenizer, BoundedCache<CompiledGrammar, string>>()

/**
 * The grammar of a response format; `undefined` where anything may be written. Throws `INVALID_ARGUMENT` for what is no
 * format, and what `parseGbnf`, `schemaGrammar` and `compileGrammar` throw.
 */
export function compileResponseFormat(
  tokenizer: Tokenizer,
  format: ResponseFormat | undefined,
): CompiledGrammar | undefined {
  if (format === undefined) return undefined
  if (typeof format !== 'object' || format === null) throw noFormat(String(format))
  switch (format.type) {
    case 'text':
      refuseOthers(format, [])
      return undefined
    case 'json_object':
      refuseOthers(format, [])
      return compileOnce(tokenizer, format.type, () => JSON_OBJECT)
    case 'json_schema':
      refuseOthers(format, ['schema'])
      return compileOnce(tokenizer, `json_schema ${keyOf(format.schema)}`, () => schemaGrammar(format.schema))
    case 'grammar': {
      refuseOthers(format, ['grammar'])
      const grammar = sourceOf(format.grammar)
      return compileOnce(tokenizer, `grammar ${grammar}`, () => parseGbnf(grammar))
    }
    default:
      throw noFormat((format as { type?: unknown }).type)
  }
}

/**
 * What a response format says and does not enforce: keywords and formats that are not known, `oneOf` that is read as
 * `anyOf`, and the like. Nothing for anything but a schema. Throws what `generate` would throw for the format, but for
 * what only a model's vocabulary brings up.
 */
export function inspectResponseFormat(format: ResponseFormat): readonly SchemaNotice[] {
  if (typeof format !== 'object' || format === null) throw noFormat(String(format))
  if (format.type === 'json_schema') {
    refuseOthers(format, ['schema'])
    return convertSchema(format.schema).notices
  }
  if (format.type === 'grammar') {
    refuseOthers(format, ['grammar'])
    parseGbnf(sourceOf(format.grammar))
    return []
  }
  if (format.type !== 'text' && format.type !== 'json_object') {
    throw noFormat((format as { type?: unknown }).type)
  }
  refuseOthers(format, [])
  return []
}

/** Each tool of a list by itself: one schema that cannot be enforced does not take the others with it. */
export function inspectToolSchemas(tools: readonly ToolParameters[]): ToolSchemaReport[] {
  return tools.map(({ name, parameters = true }) => {
    try {
      return { name, notices: convertSchema(parameters).notices }
    } catch (error) {
      if (!(error instanceof DasllamaError)) throw error
      const { code, message, hint } = error
      const named = new DasllamaError(code, `tool ${describeValue(name)}: ${message}`, { hint, cause: error })
      return { name, notices: [], error: named }
    }
  })
}

function compileOnce(tokenizer: Tokenizer, key: string, make: () => Grammar): CompiledGrammar {
  let known = compiled.get(tokenizer)
  if (!known) {
    known = new BoundedCache(MAX_CACHED_GRAMMARS)
    compiled.set(tokenizer, known)
  }
  return known.get(key, () => compileGrammar(tokenizer, make()))
}

/** The schema as text; nothing for one that is no JSON, which is refused when it is read. */
function keyOf(schema: unknown): string {
  try {
    return JSON.stringify(schema) ?? ''
  } catch {
    return ''
  }
}

function sourceOf(grammar: unknown): string {
  if (typeof grammar === 'string') return grammar
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
