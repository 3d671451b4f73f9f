import { describeValue } from '../../describe.js'
import type { FunctionTool } from '../../index.js'
import { Fields } from '../request/fields.js'
import { chosenTools, type RequestedTools, readFunction, toolOfName } from '../request/tools.js'

/**
 * The functions in a list of tools. Tools of other types, such as `web_search`, are left out: agents send them to every
 * server. Throws `ApiError`.
 */
export function readFunctions(fields: Fields, field: string): readonly FunctionTool[] {
  const given = fields.array(field) ?? []
  return given.flatMap((each, i) => {
    const tool = new Fields(each, fields.name(`${field}[${i}]`))
    if (tool.require('type', tool.string('type')) !== 'function') return []
    tool.ignore(['allowed_callers', 'async', 'defer_loading', 'output_schema'])
    const read = readFunction(tool, 'parameters')
    tool.end()
    return [read]
  })
}

/** What `tool_choice` makes of the tools. Throws `ApiError`. */
export function readToolChoice(fields: Fields, tools: readonly FunctionTool[]): RequestedTools {
  const choice = fields.any('tool_choice') ?? 'auto'
  if (choice === 'none' || choice === 'auto' || choice === 'required')
    return chosenTools(fields, tools, choice)
  if (typeof choice !== 'object') {
    throw fields.invalid(
      'tool_choice',
      `must be "none", "auto", "required" or a tool, not ${describeValue(choice)}`,
    )
  }
  const chosen = new Fields(choice, 'tool_choice')
  const type = chosen.require('type', chosen.string('type'))
  if (type === 'allowed_tools') return allowedTools(fields, chosen, tools)
  if (type !== 'function') {
    throw chosen.invalid('type', `must be "function", not ${describeValue(type)}`, 'unsupported_value')
  }
  const tool = toolOfName(chosen, tools)
  chosen.end()
  return { tools, forced: [tool] }
}

/** The choice among some of the tools. */
function allowedTools(fields: Fields, chosen: Fields, tools: readonly FunctionTool[]): RequestedTools {
  const mode = chosen.require('mode', chosen.oneOf('mode', ['auto', 'required'] as const))
  const names = chosen.require('tools', chosen.array('tools'))
  chosen.end()
  const allowed = names.flatMap((each, i) => {
    const named = new Fields(each, `tool_choice.tools[${i}]`)
    return named.any('type') === 'function' ? [toolOfName(named, tools)] : []
  })
  return chosenTools(fields, allowed, mode)
}

/** A tool as responses repeat it. */
export function flatTool({ function: called }: FunctionTool): object {
  const { name, description = null, parameters = null, strict = null } = called
  return { type: 'function', name, description, parameters, strict }
}
