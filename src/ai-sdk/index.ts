/** The package entry `dasllama/ai-sdk`: models for Vercel's AI SDK that run in this program. @module */
export type { HostedModelOptions } from '../serving/hosted-model.js'
export type { ModelOrLoader } from '../serving/model-or-loader.js'
export type { DasllamaEmbedOptions } from './embedding-model.js'
export {
  createDasllama,
  type DasllamaOptions,
  type DasllamaProvider,
  embeddingModel,
  type LanguageModelOptions,
  languageModel,
  type ProvidedModel,
  rerankingModel,
  type SpecificationOptions,
} from './provider.js'
export type { DasllamaCallOptions } from './request/call-options.js'
export type { DasllamaRerankOptions } from './reranking-model.js'
export * from './specification.js'
