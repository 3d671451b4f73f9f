import type {
  BaseLanguageModelInput,
  StructuredOutputMethodOptions,
} from '@langchain/core/language_models/base'
import {
  assembleStructuredOutputPipeline,
  createContentParser,
  createFunctionCallingParser,
} from '@langchain/core/language_models/structured_output'
import type { Runnable } from '@langchain/core/runnables'
import { type JSONSchema, toJsonSchema } from '@langchain/core/utils/json_schema'
import { isRecord } from '../checks.js'
import { DasllamaError } from '../index.js'
import type { ChatDasllama } from './chat-model.js'

type Outputs = Record<string, unknown>
/** A schema in any of the forms that LangChain accepts. */
export type OutputSchema = Parameters<typeof createContentParser<Outputs>>[0]

/** A chat model followed by a parser. */
export function structuredOutput(
  model: ChatDasllama,
  schema: OutputSchema,
  { name, method = 'jsonSchema', includeRaw }: StructuredOutputMethodOptions<boolean> = {},
) {
  // A plain object with these is a function in OpenAI's form.
  const isFunction = isRecord(schema) && isRecord(schema.parameters) && typeof schema.name === 'string'
  const wanted = (isFunction ? schema.parameters : schema) as OutputSchema
  const json = (): JSONSchema => toJsonSchema(wanted as Parameters<typeof toJsonSchema>[0])
  switch (method) {
    case 'jsonSchema':
    case 'jsonMode': {
      const responseFormat =
        method === 'jsonMode'
          ? { type: 'json_object' as const }
          : { type: 'json_schema' as const, schema: json() as object }
      const constrained: Runnable<BaseLanguageModelInput> = model.withConfig({ responseFormat })
      return assembleStructuredOutputPipeline(constrained, createContentParser(wanted), includeRaw, name)
    }
    case 'functionCalling': {
      const called = name ?? (isFunction ? String(schema.name) : 'extract')
      const tool = { type: 'function', function: { name: called, parameters: json() } }
      const calling: Runnable<BaseLanguageModelInput> = model.bindTools([tool], { tool_choice: called })
      const parser = createFunctionCallingParser(wanted, called)
      return assembleStructuredOutputPipeline(calling, parser, includeRaw, name)
    }
    default:
      throw new DasllamaError(
        'INVALID_ARGUMENT',
        `method must be jsonSchema, jsonMode or functionCalling, not ${String(method)}`,
      )
  }
}
