// The types use `Symbol.dispose`, which TypeScript's default libraries lack.
/// <reference lib="esnext.disposable" preserve="true" />
/** The public API of dasllama: load a model, create sessions, generate. @module */
export type { KvType } from './backend/memory.js'
export type { Value } from './backend/program.js'
export type { RopeScaling } from './backend/rope.js'
export * from './chat/index.js'
export { DasllamaError, type ErrorCode } from './errors.js'
export { cosineSimilarity } from './facade/cosine-similarity.js'
export { type EmbedInput, type EmbedOptions, embed } from './facade/embed.js'
export { ADDRESSABLE_BYTES, type InspectOptions, inspectModel } from './facade/inspect-model.js'
export { type EngineOptions, type LoadOptions, loadModel, loadTokenizer } from './facade/load-model.js'
export { Model } from './facade/model.js'
export type {
  FormatShare,
  MemoryPart,
  MemorySummary,
  ModelSummary,
  TokenizerSummary,
} from './facade/model-summary.js'
export type { LoadProgress, NameOptions } from './facade/named-source.js'
export type { OpenOptions } from './facade/open.js'
export { type RankedDocument, type RerankOptions, rerank } from './facade/rerank.js'
export type {} from './globals.js'
export * from './grammar/index.js'
export type { Builder, LayerBuilder } from './model/builder/builder.js'
export { type Config, readConfig } from './model/config.js'
export type { Family } from './model/family.js'
export type { HyperparameterReader } from './model/hyperparameter-reader.js'
export type { PoolingType } from './model/pooling.js'
export { registerFamily } from './model/registry.js'
export type { StepName } from './sampling/chain.js'
export type { Candidate, Candidates, CustomStep } from './sampling/custom-step.js'
export type { Logprobs, TokenLogprob } from './sampling/logprobs.js'
export { DEFAULT_SAMPLING, type SamplingParams } from './sampling/params.js'
export type { ContextShift } from './session/context-shift.js'
export type { ModelCounters } from './session/counters.js'
export type { BatchEntry } from './session/eval-batch.js'
export type { GenerateOptions } from './session/generate-options.js'
export {
  type GeneratedToken,
  Generation,
  type GenerationResult,
  type StopReason,
  type TokenLogprobs,
  type Usage,
} from './session/generation.js'
export type { Pooling } from './session/pool.js'
export type { PrefixCacheStats } from './session/prefix-cache.js'
export { Session } from './session/session.js'
export type { SessionOptions } from './session/session-options.js'
export type { DraftModel, DraftSession } from './session/speculation/draft-model.js'
export type { Speculation } from './session/speculation/speculation.js'
export type { SessionStats } from './session/stats.js'
export type { FetchOptions } from './storage/fetch-options.js'
export type { ModelSource } from './storage/model-source.js'
export type { ByteSource, ReadPart } from './storage/source.js'
export type {
  DecodeOptions,
  EncodeInfillOptions,
  EncodeOptions,
  EncodeSegmentsOptions,
  InfillFile,
  InfillParts,
  InfillTokens,
  SpecialToken,
  StreamDecoder,
  TextSegment,
  TokenId,
  Tokenizer,
} from './tokenizer/tokenizer.js'
export { VERSION } from './version.js'
export type { Warning, WarningCode, WarningListener } from './warnings.js'
