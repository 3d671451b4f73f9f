import { checkOptions } from '../checks.js'
import { DasllamaError } from '../errors.js'
import { given } from '../given.js'
import type { GenerateOptions } from '../session/generate-options.js'
import type { SessionOptions } from '../session/session-options.js'
import { chatSampling } from './chat-sampling.js'
import { toValue } from './jinja/convert.js'
import { FROM_TEMPLATE } from './jinja/text.js'
import { checkKeys, quote } from './known-keys.js'
import type { MessageInput } from './message.js'
import { CHAT_KEYS, RESPOND_KEYS, SESSION_KEYS } from './option-keys.js'
import { DEFAULT_OVERFLOW, OVERFLOW_POLICIES, type OverflowPolicy } from './overflow.js'
import type { ReplyFormatOverrides } from './reply/format.js'
import type { Thinking } from './reply/thinking.js'
import { checkToolUse, type ToolUse } from './tool-choice.js'
import { checkTools, type FunctionTool, type ToolDefinition } from './tools.js'

/**
 * Options of a chat, including the options of `generate` for its replies. Unlike `generate`, a chat samples: sampling
 * parameters that are not given default to what the model file recommends, or to a preset (see `chatSampling`). `temp: 0`
 * makes replies greedy.
 */
export interface ChatOptions extends Omit<GenerateOptions, 'signal'>, ToolUse {
  /** The system message. Default: none, or the template's own. */
  system?: string
  /**
   * Jinja source, the name of one of the file's templates (`model.chatTemplates`) or of a family (`chatml`, `llama-3`,
   * `llama-2`, `gemma`, `phi-3`, `mistral`, `zephyr`, `deepseek-r1`). Default: the file's own, or that of the family
   * recognized by its vocabulary.
   */
  template?: string
  /** More variables for the template, such as `enable_thinking`: plain data. */
  templateVariables?: Readonly<Record<string, unknown>>
  /** Tools that the model may call. Default: none. */
  tools?: readonly (ToolDefinition | FunctionTool)[]
  /** A conversation to continue. Default: an empty one. */
  history?: readonly MessageInput[]
  /**
   * Whether the model thinks before it answers, or for how many tokens at most. Default: up to the template. Throws
   * `UNSUPPORTED` if thinking is requested from a model that does not show its reasoning.
   */
  thinking?: Thinking
  /** How the model's replies are parsed. Default: as detected from the template. */
  replyFormat?: ReplyFormatOverrides
  /** What happens when the conversation does not fit the context. Default `drop-oldest`. */
  overflow?: OverflowPolicy
  /** The current time for the template. Default: when the chat is created or reset. */
  now?: Date
  /** Options of the chat's session. */
  session?: SessionOptions
}

/** Options of one reply; they override the chat's. */
export interface RespondOptions extends GenerateOptions, ToolUse {
  /** See `ChatOptions.thinking`. */
  thinking?: Thinking
}

/** A chat's options, validated and grouped. */
export interface ResolvedChatOptions {
  readonly system: string | undefined
  readonly template: string | undefined
  readonly templateVariables: Readonly<Record<string, unknown>>
  readonly tools: readonly FunctionTool[]
  readonly history: readonly MessageInput[]
  readonly overflow: OverflowPolicy
  readonly now: Date | undefined
  readonly session: SessionOptions
  readonly thinking: Thinking | undefined
  readonly toolUse: ToolUse
  readonly replyFormat: ReplyFormatOverrides
  /** The rest is for `generate`, which validates it. */
  readonly generate: GenerateOptions
}

/** Separates a reply's own options from those of `generate`. Throws `INVALID_ARGUMENT` for unknown options. */
export function resolveRespondOptions(options: RespondOptions): {
  readonly thinking: Thinking | undefined
  readonly toolUse: ToolUse
  readonly generate: GenerateOptions
} {
  checkOptions(options)
  checkKeys('options', options, RESPOND_KEYS)
  const { thinking, toolChoice, parallelToolCalls, constrainTools, ...generate } = given(options)
  const toolUse = checkToolUse({ toolChoice, parallelToolCalls, constrainTools })
  return { thinking, toolUse, generate }
}

/** `model` provides the sampling defaults. Throws `INVALID_ARGUMENT`. Messages are not validated here. */
export function resolveChatOptions(
  options: ChatOptions,
  model: Parameters<typeof chatSampling>[0],
): ResolvedChatOptions {
  checkOptions(options)
  checkKeys('options', options, CHAT_KEYS)
  const {
    system,
    template,
    templateVariables = {},
    tools = [],
    history = [],
    overflow = DEFAULT_OVERFLOW,
    now,
    thinking,
    replyFormat = {},
    session = {},
    toolChoice,
    parallelToolCalls,
    constrainTools,
    ...generate
  } = options
  if (!OVERFLOW_POLICIES.includes(overflow)) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `overflow must be one of ${OVERFLOW_POLICIES.join(', ')}, not ${typeof overflow === 'string' ? quote(overflow) : typeof overflow}`,
    )
  }
  if (now !== undefined && !(now instanceof Date && !Number.isNaN(now.getTime()))) {
    throw new DasllamaError('INVALID_ARGUMENT', 'now must be a Date')
  }
  if (typeof templateVariables !== 'object' || templateVariables === null) {
    throw new DasllamaError('INVALID_ARGUMENT', 'templateVariables must be an object')
  }
  for (const [name, value] of Object.entries(templateVariables)) {
    toValue(value, FROM_TEMPLATE, `templateVariables.${name}`)
  }
  const checkedTools = checkTools(tools)
  toValue(checkedTools, FROM_TEMPLATE, 'tools')
  checkOptions(session)
  checkKeys('session', session, SESSION_KEYS)
  return {
    system,
    template,
    templateVariables,
    tools: checkedTools,
    history,
    overflow,
    now,
    session,
    thinking,
    toolUse: checkToolUse({ toolChoice, parallelToolCalls, constrainTools }),
    replyFormat,
    generate: { reuse: 'all', ...chatSampling(model), ...given(generate) },
  }
}
