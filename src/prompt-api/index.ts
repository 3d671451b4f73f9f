/** The package entry `dasllama/prompt-api`: a model in the shape of the web's Prompt API. @module */
export {
  type Availability,
  createLanguageModel,
  type LanguageModel,
  type LanguageModelLoader,
  type LanguageModelOptions,
} from './language-model.js'
export type { LanguageModelMessage, LanguageModelMessageContent, LanguageModelPrompt } from './messages.js'
export type {
  LanguageModelCreateCoreOptions,
  LanguageModelCreateOptions,
  LanguageModelExpected,
  LanguageModelSamplingMode,
  LanguageModelTool,
} from './options.js'
export {
  type LanguageModelPromptOptions,
  LanguageModelSession,
  type LanguageModelSignalOptions,
} from './session.js'
