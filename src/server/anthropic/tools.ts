import type { FunctionTool } from '../../index.js'
import { Fields } from '../request/fields.js'
import { chosenTools, type RequestedTools, readFunction, toolOfName } from '../request/tools.js'

/**
 * Reads `tools` and `tool_choice`. Tools of other types than `custom`, which Anthropic's servers or its models know, are left
 * out. Throws `ApiError`.
 */
export function readTools(fields: Fields): RequestedTools {
  const given = fields.array('tools') ?? []
  const tools = given.flatMap((tool, i) => readTool(new Fields(tool, `tools[${i}]`)))
  const choice = fields.inner('tool_choice')
  if (!choice) return { tools, forced: undefined }
  const type = choice.require('type', choice.oneOf('type', ['auto', 'any', 'tool', 'none']))
  const parallelToolCalls = !choice.boolean('disable_parallel_tool_use')
  const tool = type === 'tool' ? toolOfName(choice, tools) : undefined
  choice.end()
  if (tool) return { tools, forced: [tool], parallelToolCalls }
  const requested = chosenTools(
    fields,
    tools,
    type === 'any' ? 'required' : type === 'none' ? 'none' : 'auto',
  )
  return { ...requested, parallelToolCalls }
}

/** Fields of tools that say nothing to the model. */
const IGNORED = [
  ...['cache_control', 'allowed_callers', 'defer_loading', 'eager_input_streaming', 'input_examples'],
]

function readTool(tool: Fields): readonly FunctionTool[] {
  const type = tool.string('type') ?? 'custom'
  if (type !== 'custom') return []
  tool.require('input_schema', tool.object('input_schema'))
  tool.ignore(IGNORED)
  const read = readFunction(tool, 'input_schema')
  tool.end()
  return [read]
}
