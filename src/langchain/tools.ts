import type {
  BindToolsInput,
  ToolChoice as LangChainToolChoice,
} from '@langchain/core/language_models/chat_models'
import { convertToOpenAITool } from '@langchain/core/utils/function_calling'
import { isRecord } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError, type FunctionTool, type ToolChoice } from '../index.js'

/** Tools in the form of the library: LangChain's tools, and those in OpenAI's form. Whether they are valid is checked by the chat. */
export function toolsOf(tools: readonly BindToolsInput[]): FunctionTool[] {
  return tools.map((tool) => {
    const isOpenAi = isRecord(tool) && tool.type === 'function' && 'function' in tool
    return (isOpenAi ? tool : convertToOpenAITool(tool)) as FunctionTool
  })
}

/** LangChain's `tool_choice`, and OpenAI's object. Throws `INVALID_ARGUMENT`. */
export function choiceOf(choice: LangChainToolChoice | undefined): ToolChoice | undefined {
  if (choice === undefined || choice === 'auto' || choice === 'none' || choice === 'required') return choice
  if (choice === 'any') return 'required'
  if (typeof choice === 'string') return { name: choice }
  const named: unknown = choice.function
  const name = isRecord(named) ? named.name : choice.name
  if (typeof name === 'string') return { name }
  throw new DasllamaError('INVALID_ARGUMENT', `tool_choice cannot be ${describeValue(choice)}`, {
    hint: 'auto, any, none, or the name of a tool',
  })
}
