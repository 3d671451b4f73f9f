import { KNOBS, knobEntries } from '../sampling/params.js'
import type { KnownKeys } from './known-keys.js'

/** The options of a chat, of its parts and of its replies. */

export const REPLY_FORMAT_KEYS: KnownKeys = {
  keys: ['reasoning', 'tools'],
  aliases: { toolCalls: 'tools', thinking: 'reasoning' },
}
export const SESSION_KEYS: KnownKeys = {
  keys: ['seed', 'kvType', 'contextLength', 'contextShift', 'prefixCache'],
  aliases: { nCtx: 'contextLength', contextSize: 'contextLength', numCtx: 'contextLength' },
}
const GENERATE_KEYS = [
  ...['maxTokens', 'stop', 'stopIds', 'logprobs', 'responseFormat', 'reuse', 'speculation', 'priority'],
  ...['toolChoice', 'parallelToolCalls', 'constrainTools'],
  ...Object.keys(KNOBS),
]
/** Names for options in other APIs. */
const ALIASES = {
  ...samplingAliases(),
  max_tokens: 'maxTokens',
  max_completion_tokens: 'maxTokens',
  maxOutputTokens: 'maxTokens',
  maxNewTokens: 'maxTokens',
  max_new_tokens: 'maxTokens',
  numPredict: 'maxTokens',
  response_format: 'responseFormat',
  grammar: 'responseFormat',
  stopSequences: 'stop',
  abortSignal: 'signal',
  reasoning: 'thinking',
  tool_choice: 'toolChoice',
  parallel_tool_calls: 'parallelToolCalls',
  reasoning_effort: 'thinking',
  reasoningEffort: 'thinking',
}
export const RESPOND_KEYS: KnownKeys = {
  keys: ['thinking', 'signal', ...GENERATE_KEYS],
  aliases: { ...ALIASES, seed: 'the seed is an option of the chat: session: { seed }' },
}
export const CHAT_KEYS: KnownKeys = {
  keys: [
    ...[
      'system',
      'template',
      'templateVariables',
      'tools',
      'history',
      'thinking',
      'replyFormat',
      'overflow',
      'now',
    ],
    ...['session', ...GENERATE_KEYS],
  ],
  aliases: {
    ...ALIASES,
    seed: 'it belongs to the session: session: { seed }',
    contextLength: 'it belongs to the session: session: { contextLength }',
    signal: 'it belongs to a reply: chat.respond({ signal })',
    abortSignal: 'it belongs to a reply: chat.respond({ signal })',
    messages: 'history',
    systemPrompt: 'system',
    system_prompt: 'system',
    chatTemplate: 'template',
    chat_template: 'template',
    chat_template_kwargs: 'templateVariables',
  },
}

/** Aliases of the sampling knobs, in camel case and in snake case. */
function samplingAliases(): Record<string, string> {
  const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return Object.fromEntries(
    knobEntries().flatMap(([name, { aliases = [] }]) =>
      aliases.flatMap((alias) => [alias, snakeCase(alias)].map((written) => [written, name])),
    ),
  )
}
