import { describeValue } from '../../describe.js'
import type { FunctionTool } from '../../index.js'
import { Fields } from './fields.js'

/** What a request says about tools. */
export interface RequestedTools {
  /** The tools that the model may call; none with `tool_choice: 'none'`. */
  readonly tools: readonly FunctionTool[]
  /** Those of which it must call one, `tools` itself for any of them; `undefined` if it decides. */
  readonly forced: readonly FunctionTool[] | undefined
  /** Whether a reply may have several calls. */
  readonly parallelToolCalls?: boolean
}

/** Reads `tools` and `tool_choice`. Throws `ApiError`. */
export function readTools(fields: Fields): RequestedTools {
  const given = fields.array('tools') ?? []
  const tools = given.map((tool, i) => readTool(new Fields(tool, `tools[${i}]`)))
  const parallel = fields.boolean('parallel_tool_calls')
  return { ...readChoice(fields, tools), ...(parallel !== undefined && { parallelToolCalls: parallel }) }
}

function readChoice(fields: Fields, tools: readonly FunctionTool[]): RequestedTools {
  const choice = fields.any('tool_choice') ?? 'auto'
  if (choice === 'none' || choice === 'auto' || choice === 'required')
    return chosenTools(fields, tools, choice)
  return { tools, forced: [namedTool(fields, tools)] }
}

/** What `tool_choice` makes of the tools. Throws if one must be called and there are none. */
export function chosenTools(
  fields: Fields,
  tools: readonly FunctionTool[],
  choice: 'none' | 'auto' | 'required',
): RequestedTools {
  if (choice === 'none') return { tools: [], forced: undefined }
  if (choice === 'auto') return { tools, forced: undefined }
  if (tools.length > 0) return { tools, forced: tools }
  throw fields.invalid('tool_choice', 'needs tools', 'contradictory_parameters')
}

/** The tool of `tool_choice: { type: 'function', function: { name } }`. */
function namedTool(fields: Fields, tools: readonly FunctionTool[]): FunctionTool {
  const choice = fields.any('tool_choice')
  if (typeof choice !== 'object') {
    throw fields.invalid(
      'tool_choice',
      `must be "none", "auto", "required" or a tool, not ${describeValue(choice)}`,
    )
  }
  const chosen = new Fields(choice, 'tool_choice')
  const type = chosen.require('type', chosen.string('type'))
  if (type !== 'function') {
    throw chosen.invalid('type', `must be "function", not ${describeValue(type)}`, 'unsupported_value')
  }
  const named = chosen.require('function', chosen.inner('function'))
  const tool = toolOfName(named, tools)
  named.end()
  chosen.end()
  return tool
}

/** The tool with the name in the field `name`. Throws if there is none. */
export function toolOfName(named: Fields, tools: readonly FunctionTool[]): FunctionTool {
  const name = named.require('name', named.string('name'))
  const tool = tools.find((each) => each.function.name === name)
  if (tool) return tool
  throw named.invalid('name', `must be one of tools, not ${describeValue(name)}`)
}

function readTool(tool: Fields): FunctionTool {
  const type = tool.require('type', tool.string('type'))
  if (type !== 'function') {
    throw tool.invalid('type', `must be "function", not ${describeValue(type)}`, 'unsupported_value')
  }
  const given = tool.require('function', tool.inner('function'))
  tool.end()
  const read = readFunction(given, 'parameters')
  given.end()
  return read
}

/** A tool from the fields that describe it. `schemaField`: the one with the schema of its arguments. */
export function readFunction(given: Fields, schemaField: string): FunctionTool {
  const name = given.require('name', given.string('name'))
  if (!/^[\w.-]{1,128}$/.test(name)) {
    throw given.invalid('name', 'must be 1 to 128 letters, digits, underscores, dots and hyphens')
  }
  const description = given.string('description')
  const parameters = given.object(schemaField)
  // The model sees it; calls are constrained anyway.
  const strict = given.boolean('strict')
  return {
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      ...(parameters !== undefined && { parameters }),
      ...(strict !== undefined && { strict }),
    },
  }
}
