import { isRecord } from '../checks.js'
import { DasllamaError } from '../errors.js'
import { checkKeys, type KnownKeys } from './known-keys.js'
import { jsonCopy } from './plain-data.js'

/** A tool that the model may call. */
export interface ToolDefinition {
  /** The name by which the model calls it. */
  readonly name: string
  /** A description for the model. */
  readonly description?: string
  /** A JSON schema of an object. */
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Fields of OpenAI's API and of some templates; they are passed to the template and otherwise ignored. */
  readonly strict?: boolean
  /** A schema of its result, for templates that show one. */
  readonly return?: Readonly<Record<string, unknown>>
  /** The same, under the name that other templates read. */
  readonly response?: Readonly<Record<string, unknown>>
}

/** The same in the form of OpenAI's API and of chat templates; accepted wherever tools are. */
export interface FunctionTool {
  /** The only type of tool. */
  readonly type: 'function'
  /** The tool. */
  readonly function: ToolDefinition
}

const TOOL_KEYS: KnownKeys = {
  keys: ['name', 'description', 'parameters', 'strict', 'return', 'response'],
  aliases: {
    // MCP's, Anthropic's and the AI SDK's.
    inputSchema: 'parameters',
    input_schema: 'parameters',
    schema: 'parameters',
    arguments: 'parameters',
    properties: 'parameters',
    outputSchema: 'response',
    execute: 'tools are not executed here; see the events tool-call',
  },
}
const FLAT_KEYS: KnownKeys = { ...TOOL_KEYS, keys: ['type', ...TOOL_KEYS.keys] }
const WRAPPER_KEYS: KnownKeys = { keys: ['type', 'function'] }

/** Validates tools given in either form and returns copies. Throws `INVALID_ARGUMENT`. */
export function checkTools(tools: readonly (ToolDefinition | FunctionTool)[]): readonly FunctionTool[] {
  if (!Array.isArray(tools)) throw new DasllamaError('INVALID_ARGUMENT', 'tools must be an array')
  return tools.map((tool: unknown, i) => checkTool(tool, `tools[${i}]`))
}

function checkTool(tool: unknown, where: string): FunctionTool {
  const refuse = (what: string) => new DasllamaError('INVALID_ARGUMENT', `${where}${what}`)
  if (!isRecord(tool)) throw refuse(' must be { name, description?, parameters? }')
  const { type } = tool
  if (type !== undefined && type !== 'function') throw refuse('.type must be "function" if it is set')
  const isWrapped = isRecord(tool.function)
  const inner = isWrapped ? (tool.function as Record<string, unknown>) : tool
  if (isWrapped) checkKeys(where, tool, WRAPPER_KEYS)
  checkKeys(isWrapped ? `${where}.function` : where, inner, isWrapped ? TOOL_KEYS : FLAT_KEYS)
  const { name, description = '', parameters = { type: 'object', properties: {} }, type: _, ...rest } = inner
  if (typeof name !== 'string' || name === '') throw refuse(' must be { name, description?, parameters? }')
  if (typeof description !== 'string' || !isRecord(parameters)) {
    throw refuse(': description must be a string, parameters an object')
  }
  return jsonCopy({ type: 'function' as const, function: { name, description, parameters, ...rest } }, where)
}
