import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager'
import type {
  BaseLanguageModelInput,
  StructuredOutputMethodOptions,
} from '@langchain/core/language_models/base'
import {
  BaseChatModel,
  type BaseChatModelCallOptions,
  type BaseChatModelParams,
  type BindToolsInput,
} from '@langchain/core/language_models/chat_models'
import { AIMessage, AIMessageChunk, type BaseMessage, type UsageMetadata } from '@langchain/core/messages'
import { ChatGenerationChunk, type ChatResult } from '@langchain/core/outputs'
import type { Runnable } from '@langchain/core/runnables'
import { given } from '../given.js'
import type { RespondOptions, ResponseFormat, Thinking } from '../index.js'
import { HostedModel, type HostedModelOptions } from '../serving/hosted-model.js'
import { HostedReply } from '../serving/hosted-reply.js'
import type { ModelOrLoader } from '../serving/model-or-loader.js'
import { messagesOf } from './messages.js'
import { type OutputSchema, structuredOutput } from './structured-output.js'
import { choiceOf, toolsOf } from './tools.js'

/** What replies may be asked for, by the model's options or by those of a call. */
interface Settings {
  /** Default: as the model file recommends; 0 is greedy. */
  temperature?: number
  /** Most tokens of a reply. Default: as many as the context holds. */
  maxTokens?: number
  /** Nucleus sampling. */
  topP?: number
  /** Only the most likely tokens. */
  topK?: number
  /** Strings that end the reply. */
  stop?: string[]
  /** With a seed, the same call gives the same reply. */
  seed?: number
  /** Whether the model thinks, or for how many tokens at most. */
  thinking?: Thinking
  /** See `GenerateOptions.responseFormat`. */
  responseFormat?: ResponseFormat
  /** More options of `chat.respond`, such as `minP`. */
  dasllama?: Omit<RespondOptions, 'signal' | 'reuse' | 'logprobs' | 'thinking'>
}

/** Options of one call; they override those of the model. */
export interface ChatDasllamaCallOptions extends BaseChatModelCallOptions, Omit<Settings, 'stop'> {
  /** Tools that the model may call, as `bindTools` sets them. */
  tools?: BindToolsInput[]
}

/** Options of `ChatDasllama`. */
export interface ChatDasllamaFields extends BaseChatModelParams, HostedModelOptions, Settings {
  /** The model, or what loads it when it is first called. */
  model: ModelOrLoader
  /** The model's name in traces and responses. Default `model`. */
  modelName?: string
}

/**
 * A chat model for LangChain that runs in this program.
 *
 * ```js
 * const chat = new ChatDasllama({ model: await loadModel('model.gguf'), maxTokens: 100 })
 * const { text } = await chat.invoke('Hello!')
 * ```
 *
 * Throws `INVALID_ARGUMENT` for what is not a model. Other options are checked by the calls, which reject with the errors of
 * `createChat` and `respond`.
 */
export class ChatDasllama extends BaseChatModel<ChatDasllamaCallOptions, AIMessageChunk> {
  /** The model's name. */
  readonly modelName: string
  readonly #hosted: HostedModel
  readonly #defaults: Settings

  /** The name of the class. */
  static override lc_name(): string {
    return 'ChatDasllama'
  }

  constructor(fields: ChatDasllamaFields) {
    super(fields)
    const { model, modelName = 'model', template, replyFormat, sampling, cachedConversations } = fields
    const { temperature, maxTokens, topP, topK, stop, seed, thinking, responseFormat, dasllama } = fields
    const settings = { template, replyFormat, sampling, cachedConversations }
    this.#hosted = new HostedModel('model', model, settings)
    this.modelName = modelName
    this.#defaults = { temperature, maxTokens, topP, topK, stop, seed, thinking, responseFormat, dasllama }
  }

  /** @internal */
  override _llmType(): string {
    return 'dasllama'
  }

  /** @internal What a cache of replies distinguishes models by. */
  override _identifyingParams(): Record<string, unknown> {
    return { model: this.modelName, ...this.#defaults }
  }

  /** What traces show. */
  override getLsParams(options: this['ParsedCallOptions']): ReturnType<BaseChatModel['getLsParams']> {
    const { temperature, maxTokens, stop } = this.#settings(options)
    return {
      ls_provider: 'dasllama',
      ls_model_name: this.modelName,
      ls_model_type: 'chat',
      ls_temperature: temperature,
      ls_max_tokens: maxTokens,
      ls_stop: stop,
    }
  }

  /** A model that may call these tools: LangChain's, or in OpenAI's form. */
  override bindTools(
    tools: BindToolsInput[],
    options: Partial<ChatDasllamaCallOptions> = {},
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, ChatDasllamaCallOptions> {
    return this.withConfig({ tools: toolsOf(tools), ...options })
  }

  /**
   * A model whose replies are objects of a schema: Zod's, or JSON Schema. `method`: `jsonSchema`, the default, constrains the reply;
   * `jsonMode` accepts any object; `functionCalling` makes the model call a tool.
   */
  override withStructuredOutput<Output extends Record<string, unknown> = Record<string, unknown>>(
    schema: unknown,
    config?: StructuredOutputMethodOptions<boolean>,
    // biome-ignore lint/suspicious/noExplicitAny: the overloads of the base class say what it is.
  ): any {
    return structuredOutput(this, schema as OutputSchema, config) as Runnable<BaseLanguageModelInput, Output>
  }

  /** @internal */
  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this['ParsedCallOptions'],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    for await (const message of this.#write(messages, options)) {
      const text = typeof message.content === 'string' ? message.content : ''
      const chunk = new ChatGenerationChunk({ text, message })
      yield chunk
      await runManager?.handleLLMNewToken(text, undefined, undefined, undefined, undefined, { chunk })
    }
  }

  /** @internal */
  override async _generate(messages: BaseMessage[], options: this['ParsedCallOptions']): Promise<ChatResult> {
    let whole: AIMessageChunk | undefined
    for await (const chunk of this.#write(messages, options)) whole = whole ? whole.concat(chunk) : chunk
    const { content, tool_calls, invalid_tool_calls, usage_metadata, response_metadata, additional_kwargs } =
      whole!
    const message = new AIMessage({
      ...{ content, tool_calls, invalid_tool_calls, usage_metadata, response_metadata, additional_kwargs },
    })
    return {
      generations: [{ text: message.text, message }],
      llmOutput: { tokenUsage: tokenUsage(usage_metadata!) },
    }
  }

  /** Frees the cached conversations, and the model if a loader has loaded it. Idempotent. */
  dispose(): Promise<void> {
    return this.#hosted.dispose()
  }

  async *#write(messages: BaseMessage[], options: this['ParsedCallOptions']): AsyncGenerator<AIMessageChunk> {
    const loaded = await this.#hosted.get(options.signal)
    const { tools = [], tool_choice, signal } = options
    const { temperature, seed, thinking, dasllama, ...settings } = this.#settings(options)
    const { maxTokens, topP, topK, stop, responseFormat } = settings
    const reply = new HostedReply(loaded, {
      messages: messagesOf(messages),
      tools: toolsOf(tools),
      toolChoice: choiceOf(tool_choice),
      thinking,
      seed,
      options: { temp: temperature, maxTokens, topP, topK, stop, responseFormat, ...dasllama },
      signal,
    })
    let endsVisibly = false
    for await (const event of reply.events()) {
      switch (event.type) {
        case 'content':
          endsVisibly = /\S$/.test(event.text)
          yield new AIMessageChunk(event.text)
          break
        case 'malformed-tool-call':
          yield new AIMessageChunk((endsVisibly ? '\n' : '') + event.text)
          break
        case 'reasoning':
          yield new AIMessageChunk({
            content: '',
            additional_kwargs: { reasoning_content: event.text },
          })
          break
        case 'tool-call-start':
          yield callChunk({ index: event.index, id: event.id, name: event.name, args: '' })
          break
        case 'tool-call-delta':
          yield callChunk({ index: event.index, args: event.argumentsText })
      }
    }
    yield new AIMessageChunk({
      content: '',
      usage_metadata: usageOf(reply),
      response_metadata: {
        model_name: this.modelName,
        model_provider: 'dasllama',
        finish_reason: finishReason(reply),
      },
    })
  }

  /** The model's settings, overridden by those of a call. */
  #settings(options: Settings): Settings {
    const dasllama = { ...this.#defaults.dasllama, ...options.dasllama }
    return { ...this.#defaults, ...given(options), dasllama }
  }
}

function callChunk(call: { index: number; id?: string; name?: string; args: string }): AIMessageChunk {
  return new AIMessageChunk({ content: '', tool_call_chunks: [{ ...call, type: 'tool_call_chunk' }] })
}

function usageOf({ usage }: HostedReply): UsageMetadata {
  return {
    input_tokens: usage.promptTokens,
    output_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    input_token_details: { cache_read: usage.cachedTokens },
    output_token_details: { reasoning: usage.reasoningTokens },
  }
}

function tokenUsage({ input_tokens, output_tokens, total_tokens }: UsageMetadata): object {
  return { promptTokens: input_tokens, completionTokens: output_tokens, totalTokens: total_tokens }
}

function finishReason({ stopReason, calls }: HostedReply): string {
  if (stopReason === 'length' || stopReason === 'context') return 'length'
  return calls > 0 ? 'tool_calls' : 'stop'
}
