import { DasllamaError, inspectResponseFormat, type ResponseFormat } from '../../index.js'
import type { Terminal } from '../../platform/terminal.js'
import { alias, text, type Values } from './options.js'
import { optionName } from './parse.js'
import { UsageError } from './usage-error.js'

/** Response formats, for every command that generates text. */
export const formatOptions = {
  jsonSchema: alias(
    text('FILE', 'write JSON that is valid by the JSON Schema in FILE'),
    '-jf',
    '--json-schema-file',
  ),
  grammar: alias(
    text('FILE', 'write text that follows the grammar in FILE (GBNF, as in llama.cpp)'),
    '--grammar-file',
  ),
}

/** Describes a text that ended before its format was complete. */
export const INCOMPLETE = 'it is incomplete for the requested format'

/** A response format from the command line. */
export interface GivenFormat {
  /** The option's key. */
  readonly name: keyof typeof formatOptions
  readonly file: string
  readonly format: ResponseFormat
}

/**
 * The response format among a command's values. Throws `UsageError` for two formats or for a value that is not a file's
 * name, and a `DasllamaError` for a file that cannot be read, is not JSON, or is not a schema or grammar.
 */
export async function givenFormat(
  values: Values<typeof formatOptions> & { readonly ignoreEos?: boolean },
  terminal: Terminal,
): Promise<GivenFormat | undefined> {
  const { jsonSchema, grammar } = values
  if (jsonSchema !== undefined && grammar !== undefined) {
    throw new UsageError('--json-schema and --grammar do not go together')
  }
  const name = grammar !== undefined ? 'grammar' : 'jsonSchema'
  const file = values[name]
  if (file === undefined) return undefined
  refuseEndless(name, values)
  if (/^\s*\{|::=/.test(file)) {
    throw new UsageError(`${optionName(name)} takes the name of a file, not its contents`)
  }
  const content = await terminal.readFile(file)
  const format: ResponseFormat =
    name === 'grammar'
      ? { type: 'grammar', grammar: content }
      : { type: 'json_schema', schema: parseJson(file, content) }
  inspectResponseFormat(format)
  return { name, file, format }
}

/** Throws `UsageError` if a text with a format is set to never end. */
export function refuseEndless(
  name: GivenFormat['name'],
  { ignoreEos }: { readonly ignoreEos?: boolean },
): void {
  if (!ignoreEos) return
  throw new UsageError(
    `${optionName(name)} and --ignore-eos do not go together`,
    'a text with a format must be able to end',
  )
}

function parseJson(path: string, json: string): object {
  try {
    return JSON.parse(json)
  } catch (cause) {
    // V8 reports a character offset; a line and column are easier to find.
    const problem = (cause as Error).message.replace(/position (\d+)( \(.*\))?$/, (_, offset) => {
      const before = json.slice(0, Number(offset)).split('\n')
      return `line ${before.length}, column ${before.at(-1)!.length + 1}`
    })
    throw new DasllamaError('INVALID_ARGUMENT', `${path} is not JSON: ${problem}`, { cause })
  }
}
