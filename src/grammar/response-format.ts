import { DasllamaError } from '../errors.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { BoundedCache } from './bounded-cache.js'
import { type CompiledGrammar, compileGrammar } from './compiled-grammar.js'
import { parseGbnf } from './gbnf.js'
import type { Grammar } from './grammar.js'
import { MAX_CACHED_GRAMMARS } from './limits.js'
import { JSON_OBJECT, schemaGrammar } from './schema/convert.js'

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
      const { grammar } = format
      if (typeof grammar !== 'string') {
        throw new DasllamaError(
          'INVALID_ARGUMENT',
          `responseFormat.grammar must be a string, not ${typeof grammar}`,
        )
      }
      return compileOnce(tokenizer, `grammar ${grammar}`, () => parseGbnf(grammar))
    }
    default:
      throw noFormat((format as { type?: unknown }).type)
  }
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
