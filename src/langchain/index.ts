/** The package entry `dasllama/langchain`: models for LangChain that run in this program. It needs `@langchain/core`. @module */
export type { HostedModelOptions } from '../serving/hosted-model.js'
export type { ModelOrLoader } from '../serving/model-or-loader.js'
export { ChatDasllama, type ChatDasllamaCallOptions, type ChatDasllamaFields } from './chat-model.js'
export { DasllamaEmbeddings, type DasllamaEmbeddingsFields } from './embeddings.js'
