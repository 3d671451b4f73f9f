import type { FunctionTool } from '../../index.js'
import { Fields } from '../request/fields.js'
import { chosenTools, type RequestedTools, readFunction, toolOfName } from '../request/tools.js'

/** The tools of a request, and whether the model may call several. */
export interface MessageTools extends RequestedTools {
  readonly isParallel: boolean
}

/**
 * Reads `tools` and `tool_choice`. Tools of other types than `custom`, which Anthropic's servers or its models know, are left
 * out. Throws `ApiError`.
 */
export function readTools(fields: Fields): MessageTools {
  const given = fields.array('tools') ?? []
  const tools = given.flatMap((tool, i) => readTool(new Fields(tool, `tools[${i}]`)))
  const choice = fields.inner('tool_choice')
  if (!choice) return { tools, forced: undefined, isParallel: true }
  const type = choice.require('type', choice.oneOf('type', ['auto', 'any', 'tool', 'none']))
  const isParallel = !choice.boolean('disable_parallel_tool_use')
  const tool = type === 'tool' ? toolOfName(choice, tools) : undefined
  choice.end()
  if (tool) return { tools, forced: [tool], isParallel }
  const requested = chosenTools(
    fields,
    tools,
    type === 'any' ? 'required' : type === 'none' ? 'none' : 'auto',
  )
  return { ...requested, isParallel }
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
