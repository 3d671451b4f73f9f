import type { FunctionTool, ResponseFormat } from '../../index.js'

/** A call of a tool as the model has written it. */
export interface WrittenCall {
  readonly id: string
  readonly name: string
  /** The JSON of an object, or the beginning of one if the reply was cut. */
  readonly argumentsText: string
}

/**
 * The format of a reply that is nothing but a call of one of these tools, with arguments that are valid by its schema: the
 * arguments of the only tool, otherwise `{ name, arguments }`.
 */
export function formatOfCall(tools: readonly FunctionTool[]): ResponseFormat {
  const [only, ...others] = tools
  if (others.length === 0) return { type: 'json_schema', schema: argumentsOf(only) }
  const calls = tools.map((tool) => ({
    type: 'object',
    // Its references are relative to itself.
    properties: {
      name: { const: tool.function.name },
      arguments: { $id: `tool:${encodeURIComponent(tool.function.name)}`, ...argumentsOf(tool) },
    },
    required: ['name', 'arguments'],
    additionalProperties: false,
  }))
  return { type: 'json_schema', schema: { anyOf: calls } }
}

function argumentsOf({ function: { parameters = {} } }: FunctionTool): object {
  return { type: 'object', ...parameters }
}

/** Reads a reply in this format; `undefined` if it was cut before the arguments. */
export function readForcedCall(text: string, tools: readonly FunctionTool[]): WrittenCall | undefined {
  const [only, ...others] = tools
  if (others.length === 0) return text === '' ? undefined : written(only.function.name, text)
  try {
    const { name, arguments: given } = JSON.parse(text) as { name: string; arguments: unknown }
    return written(name, JSON.stringify(given))
  } catch {
    const [, name, given] = /^\s*\{\s*"name":\s*"((?:[^"\\]|\\.)*)",\s*"arguments":\s*(.+)$/s.exec(text) ?? []
    return name === undefined ? undefined : written(JSON.parse(`"${name}"`), given)
  }
}

function written(name: string, argumentsText: string): WrittenCall {
  // Nine letters and digits, as in calls that the model chose to write: some templates require that.
  const random = crypto.getRandomValues(new Uint32Array(1))[0].toString(36)
  return { id: `call${random.padStart(5, '0').slice(-5)}`, name, argumentsText }
}
