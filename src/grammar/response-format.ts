import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { BoundedCache } from './bounded-cache.js'
import { type CompiledGrammar, compileGrammar } from './compiled-grammar.js'
import { checkResponseFormat, type ResponseFormat } from './format.js'
import { parseGbnf } from './gbnf.js'
import type { Grammar } from './grammar.js'
import { MAX_CACHED_GRAMMARS } from './limits.js'
import { convertSchema, JSON_OBJECT, schemaGrammar } from './schema/convert.js'
import type { SchemaNotice } from './schema/notices.js'

/** The JSON Schema of a tool's arguments, with the name of the tool. */
export interface ToolParameters {
  /** The tool's name. */
  readonly name: string
  /** A JSON Schema of its arguments. Default: any object. */
  readonly parameters?: object | boolean
}

/** Whether a tool's schema can be enforced. */
export interface ToolSchemaReport {
  /** The tool's name. */
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
  checkResponseFormat(format)
  if (format === undefined) return undefined
  switch (format.type) {
    case 'text':
      return undefined
    case 'json_object':
      return compileOnce(tokenizer, format.type, () => JSON_OBJECT)
    case 'json_schema':
      return compileOnce(tokenizer, `json_schema ${keyOf(format.schema)}`, () => schemaGrammar(format.schema))
    case 'grammar':
      return compileOnce(tokenizer, `grammar ${format.grammar}`, () => parseGbnf(format.grammar))
  }
}

/** The grammar of a response format before it is compiled; `undefined` for unconstrained text. Throws the same. */
export function responseGrammar(format: ResponseFormat): Grammar | undefined {
  checkResponseFormat(format)
  switch (format.type) {
    case 'text':
      return undefined
    case 'json_object':
      return JSON_OBJECT
    case 'json_schema':
      return schemaGrammar(format.schema)
    case 'grammar':
      return parseGbnf(format.grammar)
  }
}

/**
 * What a response format specifies but does not enforce: unknown keywords and formats, `oneOf` treated as `anyOf`, and the
 * like. Empty unless it is a schema. Throws what `generate` would throw for the format, except errors that depend on a
 * model's vocabulary.
 */
export function inspectResponseFormat(format: ResponseFormat): readonly SchemaNotice[] {
  checkResponseFormat(format ?? null)
  if (format.type === 'json_schema') return convertSchema(format.schema).notices
  if (format.type === 'grammar') parseGbnf(format.grammar)
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
