/**
 * The AI SDK's interfaces, as far as models need them. They are written here so that the declarations do not depend on which
 * version of `@ai-sdk/provider` a program has; inputs have the fields that are read, of all versions.
 */

/** A version of the interfaces: `ai` 5 accepts `v2`, `ai` 6 `v3` and `v2`, `ai` 7 `v4`, `v3` and `v2`. */
export type Specification = 'v2' | 'v3' | 'v4'

/** Options of providers by the provider's name; these models read `dasllama`. */
export type ProviderOptions = Readonly<Record<string, object>>

/** A part of a message. */
export interface PromptPart {
  /** `text`, `reasoning`, `file`, `tool-call`, `tool-result` and others. */
  readonly type: string
  /** Of texts and reasoning. */
  readonly text?: string
  /** Of files: bytes, base64, a URL, or since `v4` an object with one of these. */
  readonly data?: unknown
  /** Of files. */
  readonly mediaType?: string
  /** Of calls and results. */
  readonly toolCallId?: string
  /** Of calls and results. */
  readonly toolName?: string
  /** Of calls: the arguments. */
  readonly input?: unknown
  /** Of results. */
  readonly output?: ToolOutput
}

/** What a tool returned. */
export interface ToolOutput {
  /** `text`, `json`, `execution-denied`, `error-text`, `error-json` or `content`. */
  readonly type: string
  /** All but `execution-denied`. */
  readonly value?: unknown
  /** Of `execution-denied`. */
  readonly reason?: string
}

/** A message of a prompt. */
export type PromptMessage =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user' | 'assistant' | 'tool'; readonly content: readonly PromptPart[] }

/** A tool that a call offers. */
export interface OfferedTool {
  /** `function`; tools of other types are those of hosted services. */
  readonly type: string
  /** The name. */
  readonly name: string
  /** A description for the model. */
  readonly description?: string
  /** A JSON schema of its arguments. */
  readonly inputSchema?: unknown
  /** Passed to the template. */
  readonly strict?: boolean
}

/** Options of `doGenerate` and `doStream`. */
export interface CallOptions {
  /** The conversation. */
  readonly prompt: readonly PromptMessage[]
  /** Most tokens of the reply. Default: as many as the context holds. */
  readonly maxOutputTokens?: number
  /** Default: as the model file recommends. So are the other sampling parameters. */
  readonly temperature?: number
  /** Strings that end the reply. */
  readonly stopSequences?: readonly string[]
  /** Nucleus sampling. */
  readonly topP?: number
  /** Only the most likely tokens. */
  readonly topK?: number
  /** A penalty on tokens that occurred. */
  readonly presencePenalty?: number
  /** A penalty per occurrence. */
  readonly frequencyPenalty?: number
  /** `json` without a schema is any JSON value. Default text. */
  readonly responseFormat?: { readonly type: 'text' } | { readonly type: 'json'; readonly schema?: unknown }
  /** With a seed, the same call gives the same reply. */
  readonly seed?: number
  /** Tools that the model may call. */
  readonly tools?: readonly OfferedTool[]
  /** Default `auto`. */
  readonly toolChoice?:
    | { readonly type: 'auto' | 'none' | 'required' }
    | { readonly type: 'tool'; readonly toolName: string }
  /** Since `v4`: `provider-default`, `none`, or how much the model thinks. */
  readonly reasoning?: string
  /** Ends the call; it rejects with the signal's reason. */
  readonly abortSignal?: AbortSignal
  /** See `DasllamaCallOptions`. */
  readonly providerOptions?: ProviderOptions
}

/** Something that a model cannot do, in `v3` and `v4`. */
export type Warning =
  | { type: 'unsupported'; feature: string; details?: string }
  | { type: 'compatibility'; feature: string; details?: string }
  | { type: 'other'; message: string }

/** Numbers of tokens, in `v3` and `v4`. */
export interface Usage {
  /** Tokens of the prompt; `cacheRead` of them had been evaluated before. */
  inputTokens: { total: number; noCache: number; cacheRead: number; cacheWrite: undefined }
  /** Generated tokens. */
  outputTokens: { total: number; text: number; reasoning: number }
}

/** Why a reply ended. */
export type UnifiedReason = 'stop' | 'length' | 'tool-calls' | 'error' | 'other'

/** The same in `v3` and `v4`: `raw` is the library's `stopReason`. */
export interface FinishReason {
  /** In the words of the AI SDK. */
  unified: UnifiedReason
  /** In the library's words. */
  raw: string | undefined
}

/** A warning in `v2`. */
export type WarningV2 =
  | { type: 'unsupported-setting'; setting: string; details?: string }
  | { type: 'other'; message: string }

/** Numbers of tokens in `v2`. */
export interface UsageV2 {
  /** Tokens of the prompt. */
  inputTokens: number
  /** Generated tokens. */
  outputTokens: number
  /** Both. */
  totalTokens: number
  /** How many of the generated ones are reasoning. */
  reasoningTokens: number
  /** How many of the prompt's had been evaluated before. */
  cachedInputTokens: number
}

/** A complete call of a tool. */
export interface ToolCallPart {
  /** The kind of the part. */
  type: 'tool-call'
  /** Unique within the reply. */
  toolCallId: string
  /** The tool's name. */
  toolName: string
  /** The JSON of an object. */
  input: string
}

/** A part of a whole reply. */
export type Content = { type: 'text'; text: string } | { type: 'reasoning'; text: string } | ToolCallPart

/** What is known of a reply before it ends. */
export interface ResponseMetadata {
  /** Unique. */
  id: string
  /** When the call began. */
  timestamp: Date
  /** The model's name. */
  modelId: string
}

/** What differs between versions. */
export interface Differences<V extends Specification> {
  /** Why a reply ended. */
  finishReason: V extends 'v2' ? UnifiedReason : FinishReason
  /** Numbers of tokens. */
  usage: V extends 'v2' ? UsageV2 : Usage
  /** What was not applied. */
  warning: V extends 'v2' ? WarningV2 : Warning
}

/** What `doGenerate` resolves with. */
export interface GenerateResult<V extends Specification> {
  /** In the model's order. */
  content: Content[]
  /** Why the reply ended. */
  finishReason: Differences<V>['finishReason']
  /** Numbers of tokens. */
  usage: Differences<V>['usage']
  /** What of the call was not applied. */
  warnings: Differences<V>['warning'][]
  /** The reply's id, time and model. */
  response: ResponseMetadata
}

/** A part of a stream. The blocks of texts, of reasoning and of calls have ids that are unique in the stream. */
export type StreamPart<V extends Specification> =
  | { type: 'stream-start'; warnings: Differences<V>['warning'][] }
  | ({ type: 'response-metadata' } & ResponseMetadata)
  | { type: 'text-start' | 'text-end' | 'reasoning-start' | 'reasoning-end' | 'tool-input-end'; id: string }
  | { type: 'text-delta' | 'reasoning-delta' | 'tool-input-delta'; id: string; delta: string }
  | { type: 'tool-input-start'; id: string; toolName: string }
  | ToolCallPart
  | { type: 'error'; error: unknown }
  | { type: 'finish'; finishReason: Differences<V>['finishReason']; usage: Differences<V>['usage'] }

/** What all models are. */
export interface AnyModel<V extends Specification> {
  /** The version of the interfaces. */
  readonly specificationVersion: V
  /** `dasllama`. */
  readonly provider: string
  /** The model's name. */
  readonly modelId: string
}

/** A model that writes: the AI SDK's `LanguageModelV3`, or that of another version. */
export interface LanguageModel<V extends Specification = 'v3'> extends AnyModel<V> {
  /** None: files are not read from URLs. */
  readonly supportedUrls: Record<string, RegExp[]>
  /** Resolves with the whole reply. */
  doGenerate(options: CallOptions): Promise<GenerateResult<V>>
  /** Resolves with a reply while it is written, once it has begun. */
  doStream(options: CallOptions): Promise<{ stream: ReadableStream<StreamPart<V>> }>
}

/** Options of `doEmbed`. */
export interface EmbedCallOptions {
  /** The texts. */
  readonly values: readonly string[]
  /** Since `v4`: how many values of each vector to keep. */
  readonly dimensions?: number
  /** Ends the call; it rejects with the signal's reason. */
  readonly abortSignal?: AbortSignal
  /** `dasllama`: the options of `embed`. */
  readonly providerOptions?: ProviderOptions
}

/** A model that embeds: the AI SDK's `EmbeddingModelV3`, or that of another version. */
export interface EmbeddingModel<V extends Specification = 'v3'> extends AnyModel<V> {
  /** Without limit. */
  readonly maxEmbeddingsPerCall: number
  /** Calls at the same time share the model's passes. */
  readonly supportsParallelCalls: boolean
  /** Resolves with a vector per text. */
  doEmbed(options: EmbedCallOptions): Promise<{
    embeddings: number[][]
    usage: { tokens: number }
    warnings: Warning[]
  }>
}

/** Options of `doRerank`. */
export interface RerankCallOptions {
  /** Objects are ranked as their JSON. */
  readonly documents: { readonly type: 'text' | 'object'; readonly values: readonly unknown[] }
  /** What they are ranked for. */
  readonly query: string
  /** Only the best ones. Default all. */
  readonly topN?: number
  /** Ends the call; it rejects with the signal's reason. */
  readonly abortSignal?: AbortSignal
  /** `dasllama`: the options of `rerank`. */
  readonly providerOptions?: ProviderOptions
}

/** A model that ranks: the AI SDK's `RerankingModelV3`, or `v4`. */
export interface RerankingModel<V extends Specification = 'v3'> extends AnyModel<V> {
  /** Resolves with the documents' indices, the most relevant first. */
  doRerank(options: RerankCallOptions): Promise<{
    ranking: { index: number; relevanceScore: number }[]
    warnings: Warning[]
  }>
}
