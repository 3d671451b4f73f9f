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

/** The JSON Schema of a tool's arguments, with the name of the tool. */
export interface ToolParameters {
  readonly name: string
  readonly parameters?: object | boolean
}

/** Whether a tool's schema can be enforced. */
export interface ToolSchemaReport {
  readonly name: string
  /** The parts of it that are not enforced. */
  readonly notices: readonly SchemaNotice[]
  /** Why it cannot be enforced: the message names the tool, the keyword and its location. */
  readonly error?: DasllamaError
}

/** Compiled grammars by type and source. */
const compiled = new WeakMap<Tokenizer, BoundedCache<CompiledGrammar, string>>()

/**
 * The grammar of a response format; `undefined` for unconstrained text. Throws `INVALID_ARGUMENT` for an invalid format,
 * and what `parseGbnf`, `schemaGrammar` and `compileGrammar` throw.
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
 * What a response format specifies but does not enforce: unknown keywords and formats, `oneOf` treated as `anyOf`, and the
 * like. Empty unless it is a schema. Throws what `generate` would throw for the format, except errors that depend on a
 * model's vocabulary.
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

/** Checks each tool separately: a schema that cannot be enforced does not affect the others. */
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

/** The schema as text; empty if it is not JSON, which is rejected when it is read. */
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
