import { DasllamaError, type ResponseFormat } from '../index.js'
import type { Terminal } from '../platform/terminal.js'
import { text, type Values } from './options.js'
import { UsageError } from './usage-error.js'

/** What the text must look like, for every command that writes one. */
export const formatOptions = {
  jsonSchema: text('FILE', 'write JSON that is valid by the JSON Schema in FILE'),
  grammar: text('FILE', 'write what follows the grammar in FILE (GBNF, as llama.cpp has it)'),
}

/**
 * The response format among a command's values. Throws `UsageError` for two of them, and a `DasllamaError` for a file
 * that cannot be read or is no JSON.
 */
export async function responseFormat(
  { jsonSchema, grammar }: Values<typeof formatOptions>,
  terminal: Terminal,
): Promise<ResponseFormat | undefined> {
  if (jsonSchema !== undefined && grammar !== undefined) {
    throw new UsageError('--json-schema and --grammar do not go together')
  }
  if (grammar !== undefined) return { type: 'grammar', grammar: await terminal.readFile(grammar) }
  if (jsonSchema === undefined) return undefined
  return { type: 'json_schema', schema: parseJson(jsonSchema, await terminal.readFile(jsonSchema)) }
}

function parseJson(path: string, json: string): object {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new DasllamaError('INVALID_ARGUMENT', `${path} is no JSON: ${(cause as Error).message}`, { cause })
  }
}
