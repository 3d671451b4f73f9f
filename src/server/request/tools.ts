import { describeValue } from '../../describe.js'
import type { FunctionTool } from '../../index.js'
import { Fields } from './fields.js'

/** The tools that the model may call; none with `tool_choice: 'none'`. Throws `ApiError`. */
export function readTools(fields: Fields): readonly FunctionTool[] {
  const given = fields.array('tools') ?? []
  const tools = given.map((tool, i) => readTool(new Fields(tool, `tools[${i}]`)))
  const choice = readChoice(fields)
  // Whether the model calls several tools at once is up to it.
  fields.boolean('parallel_tool_calls')
  return choice === 'none' ? [] : tools
}

function readTool(tool: Fields): FunctionTool {
  const type = tool.require('type', tool.string('type'))
  if (type !== 'function') {
    throw tool.invalid('type', `must be "function", not ${describeValue(type)}`, 'unsupported_value')
  }
  const given = tool.require('function', tool.inner('function'))
  tool.end()
  const name = given.require('name', given.string('name'))
  if (!/^[\w.-]{1,128}$/.test(name)) {
    throw given.invalid('name', 'must be 1 to 128 letters, digits, underscores, dots and hyphens')
  }
  const description = given.string('description')
  const parameters = given.object('parameters')
  // The model sees it; calls are not constrained.
  const strict = given.boolean('strict')
  given.end()
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

function readChoice(fields: Fields): 'auto' | 'none' {
  const choice = fields.any('tool_choice')
  if (choice === undefined || choice === 'auto') return 'auto'
  if (choice === 'none') return 'none'
  if (choice === 'required' || typeof choice === 'object') {
    const what = choice === 'required' ? '"required"' : 'a named tool'
    throw fields.invalid(
      'tool_choice',
      `cannot be ${what} yet, because calls are not constrained: use "auto" or "none"`,
      'unsupported_value',
    )
  }
  throw fields.invalid('tool_choice', `must be "auto" or "none", not ${describeValue(choice)}`)
}
