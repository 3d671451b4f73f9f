import { describeValue } from '../../describe.js'
import type { FunctionTool } from '../../index.js'
import { Fields } from '../request/fields.js'
import { chosenTools, type RequestedTools, readFunction, toolOfName } from '../request/tools.js'

/** How a function is named in requests and responses. */
export interface FunctionName {
  readonly name: string
  /** The namespace that it is defined in, if there is one. */
  readonly namespace?: string
}

/** The name that the model knows a function by. */
export function modelName({ name, namespace }: FunctionName): string {
  if (namespace === undefined) return name
  return namespace.endsWith('__') ? namespace + name : `${namespace}__${name}`
}

/**
 * The functions of a request. Tools of other types, such as `web_search`, are left out: agents send them to every server.
 */
export class Functions {
  readonly tools: FunctionTool[] = []
  readonly #names = new Map<string, FunctionName>()

  /** Adds those in a list of tools, also within namespaces. Throws `ApiError`. */
  read(fields: Fields, field: string, namespace?: string): void {
    for (const [i, each] of (fields.array(field) ?? []).entries()) {
      const tool = new Fields(each, fields.name(`${field}[${i}]`))
      const type = tool.require('type', tool.string('type'))
      if (type === 'function') this.#add(tool, namespace)
      else if (type === 'namespace' && namespace === undefined) {
        this.read(tool, 'tools', tool.require('name', tool.string('name')))
      }
    }
  }

  /** How the response names a function that the model has called. */
  nameOf(called: string): FunctionName {
    return this.#names.get(called) ?? { name: called }
  }

  #add(tool: Fields, namespace: string | undefined): void {
    tool.ignore(['allowed_callers', 'async', 'defer_loading', 'output_schema'])
    const read = readFunction(tool, 'parameters')
    tool.end()
    if (namespace === undefined) {
      this.tools.push(read)
      return
    }
    const own = { name: read.function.name, namespace }
    const name = modelName(own)
    this.#names.set(name, own)
    this.tools.push({ ...read, function: { ...read.function, name } })
  }
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
