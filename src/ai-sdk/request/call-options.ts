import { describeValue } from '../../describe.js'
import {
  DasllamaError,
  type FunctionTool,
  type RespondOptions,
  type ResponseFormat,
  type Thinking,
  type ToolChoice,
} from '../../index.js'
import { EFFORTS, isEffort } from '../../serving/efforts.js'
import type { Loaded } from '../../serving/hosted-model.js'
import type { HostedRequest } from '../../serving/hosted-reply.js'
import type { CallOptions, Warning } from '../specification.js'
import { messagesOf } from './prompt.js'
import { ownOptions } from './provider-options.js'

/** Options of a call under `providerOptions.dasllama`; they override the call's general ones. */
export interface DasllamaCallOptions extends Omit<RespondOptions, 'signal' | 'logprobs' | 'reuse'> {
  /** A grammar in GBNF that the reply follows: short for `responseFormat: { type: 'grammar', grammar }`. */
  grammar?: string
  /** More variables for the chat template. */
  templateVariables?: Readonly<Record<string, unknown>>
}

/**
 * What a call asks for, in the library's words, and warnings about what is not applied. Throws `INVALID_ARGUMENT`, and
 * `UNSUPPORTED` for files that are not texts.
 */
export function requestOf(
  call: CallOptions,
  loaded: Loaded,
): { readonly request: HostedRequest; readonly warnings: Warning[] } {
  const warnings: Warning[] = []
  const { grammar, thinking, templateVariables, ...own } = ownOptions<DasllamaCallOptions>(
    call.providerOptions,
  )
  const reasoning = reasoningOf(call.reasoning, loaded, warnings)
  const { prompt, seed, abortSignal } = call
  const request = {
    messages: messagesOf(prompt, warnings),
    tools: toolsOf(call, warnings),
    toolChoice: choiceOf(call),
    thinking: thinking ?? reasoning.thinking,
    templateVariables: { ...reasoning.templateVariables, ...templateVariables },
    seed: seed === undefined ? undefined : seedOf(seed),
    options: {
      maxTokens: call.maxOutputTokens,
      temp: call.temperature,
      topP: call.topP,
      topK: call.topK,
      presencePenalty: call.presencePenalty,
      frequencyPenalty: call.frequencyPenalty,
      stop: call.stopSequences,
      responseFormat: formatOf(call),
      ...own,
      ...(grammar !== undefined && { responseFormat: { type: 'grammar' as const, grammar } }),
    },
    signal: abortSignal,
  }
  return { request, warnings }
}

/** Seeds of the library are not negative; others of the SDK keep their own sequence each. */
function seedOf(seed: number): number {
  if (!Number.isSafeInteger(seed)) {
    throw new DasllamaError('INVALID_ARGUMENT', `seed must be a whole number, not ${describeValue(seed)}`)
  }
  return seed >= 0 ? seed : Number.MAX_SAFE_INTEGER + seed
}

function formatOf({ responseFormat }: CallOptions): ResponseFormat | undefined {
  if (responseFormat?.type !== 'json') return undefined
  const { schema } = responseFormat
  return schema === undefined ? { type: 'json_object' } : { type: 'json_schema', schema: schema as object }
}

function toolsOf({ tools = [] }: CallOptions, warnings: Warning[]): FunctionTool[] {
  return tools.flatMap(({ type, name, description, inputSchema, strict }): FunctionTool[] => {
    if (type !== 'function') {
      warnings.push({
        type: 'unsupported',
        feature: `tool ${name}`,
        details: 'tools of a hosted service cannot be executed here; it was left out',
      })
      return []
    }
    return [
      {
        type: 'function',
        function: {
          name,
          ...(description !== undefined && { description }),
          ...(inputSchema !== undefined && { parameters: inputSchema as Record<string, unknown> }),
          ...(strict !== undefined && { strict }),
        },
      },
    ]
  })
}

function choiceOf({ toolChoice }: CallOptions): ToolChoice | undefined {
  return toolChoice?.type === 'tool' ? { name: toolChoice.toolName } : toolChoice?.type
}

function reasoningOf(
  reasoning: string | undefined,
  loaded: Loaded,
  warnings: Warning[],
): { readonly thinking?: Thinking; readonly templateVariables?: Readonly<Record<string, unknown>> } {
  if (reasoning === undefined || reasoning === 'provider-default') return {}
  if (reasoning === 'none') return { thinking: 'off' }
  const effort = isEffort(reasoning) ? EFFORTS[reasoning] : undefined
  if (effort !== undefined && loaded.showsReasoning) {
    return { thinking: 'on', templateVariables: { reasoning_effort: effort } }
  }
  warnings.push({
    type: 'unsupported',
    feature: 'reasoning',
    details: effort === undefined ? `there is no effort ${describeValue(reasoning)}` : 'the model shows none',
  })
  return {}
}
