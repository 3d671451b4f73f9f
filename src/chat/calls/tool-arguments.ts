import { isRecord } from '../../checks.js'
import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { Node } from '../../grammar/grammar.js'
import { rewritten, withoutTags, withPythonWords } from '../../grammar/rewritten.js'
import { type ArgumentNode, argumentsGrammar } from '../../grammar/schema/convert.js'
import { isText, valueTypes } from '../reply/typed-value.js'
import type { ToolDefinition } from '../tools.js'
import type { CallArgument, CallTool } from './writer.js'

/** How a dialect writes arguments outside of JSON. */
export interface ArgumentStyle {
  /** Regular expressions that strings without quotes must not match. */
  readonly excluded: readonly string[]
  /** Strings are written without quotes, or everything is Python. */
  readonly values: 'text' | 'python'
  /** Which names of arguments can be written. */
  readonly names: RegExp
  /** Whether arguments can be a JSON object instead. */
  readonly takesJson: boolean
}

/**
 * The arguments of a tool for the grammar of a dialect, and the rules that they refer to. `style`: how the dialect writes them one by
 * one, `undefined` if it never does. Throws `INVALID_ARGUMENT`, `UNSUPPORTED` or `LIMIT` if the tool's schema cannot be
 * enforced; the message names the tool.
 */
export function callTool(
  tool: ToolDefinition,
  index: number,
  style: ArgumentStyle | undefined,
): { readonly tool: CallTool; readonly rules: ReadonlyMap<string, Node> } {
  try {
    return made(tool, index, style)
  } catch (error) {
    if (!(error instanceof DasllamaError)) throw error
    const { code, message, hint } = error
    throw new DasllamaError(code, `tool ${describeValue(tool.name)}: ${message}`, { hint, cause: error })
  }
}

function made(tool: ToolDefinition, index: number, style: ArgumentStyle | undefined) {
  const { name } = tool
  const schema = objectSchema(tool)
  const { rules, json, members } = argumentsOf(schema, style)
  const asJson = rewritten(`${index} `, rules)
  const asValues =
    style && rewritten(`${index}< `, rules, style.values === 'python' ? withPythonWords : withoutTags)
  // Strings without quotes are not JSON, so they stay unchanged.
  const written = members?.map((member) => argument(member, tool, style!, asJson.rewrite, asValues!.rewrite))
  const isWritten = written?.every((member) => member !== undefined)
  if (style && !isWritten && !style.takesJson) {
    throw new DasllamaError('UNSUPPORTED', 'its arguments cannot be written one by one, as this model does', {
      hint: 'let its parameters have one type each, plain names, and no rules about each other',
    })
  }
  return {
    tool: {
      name,
      json: asJson.rewrite(json),
      members: isWritten ? (written as CallArgument[]) : undefined,
    },
    rules: new Map([...asJson.rules, ...(asValues?.rules ?? [])]),
  }
}

/** Strings that are too complicated without quotes are JSON. */
function argumentsOf(schema: object, style: ArgumentStyle | undefined): ReturnType<typeof argumentsGrammar> {
  if (!style) return { ...argumentsGrammar(schema, []), members: undefined }
  try {
    return argumentsGrammar(schema, style.excluded)
  } catch (error) {
    if (!(error instanceof DasllamaError && error.code === 'LIMIT' && style.takesJson)) throw error
    return { ...argumentsGrammar(schema, []), members: undefined }
  }
}

/** The schema of an object. Throws for one of something else. */
function objectSchema({ parameters = {} }: ToolDefinition): object {
  const { type = 'object' } = parameters
  const types = [type].flat()
  if (types.includes('object')) {
    return { ...parameters, type: 'object', ...(takesNothing(parameters) && { additionalProperties: false }) }
  }
  throw new DasllamaError('INVALID_ARGUMENT', `its parameters are of type ${describeValue(type)}`, {
    hint: 'arguments are always an object: set type to "object"',
  })
}

/** Whether the schema lists no arguments, and says nothing of others: such tools are called without any. */
function takesNothing(parameters: Readonly<Record<string, unknown>>): boolean {
  const {
    properties,
    required = [],
    type: _,
    description: __,
    title: ___,
    $schema: ____,
    ...others
  } = parameters
  const isEmpty = isRecord(properties) && Object.keys(properties).length === 0
  return isEmpty && Array.isArray(required) && required.length === 0 && Object.keys(others).length === 0
}

function argument(
  { name, isRequired, json, text, scalar }: ArgumentNode,
  { parameters }: ToolDefinition,
  { names, values }: ArgumentStyle,
  asText: (node: Node) => Node,
  asJson: (node: Node) => Node,
): CallArgument | undefined {
  if (!names.test(name) || name.length > 200) return undefined
  if (values === 'python') return { name, isRequired, isText: false, value: asJson(json) }
  // What readers make of a value depends on these types.
  const types = isRecord(parameters) ? valueTypes(parameters, name) : undefined
  const isString = isText(types)
  if (isString && !text) return undefined
  const isMixed = !isString && types?.types.has('string') === true
  if (isMixed && !scalar) return undefined
  const written = isString ? text : isMixed ? scalar : undefined
  return { name, isRequired, isText: written !== undefined, value: written ? asText(written) : asJson(json) }
}
