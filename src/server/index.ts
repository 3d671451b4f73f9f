/** The package entry `dasllama/server`: the APIs of OpenAI, Anthropic and Ollama as a function from `Request` to `Response`. */

export type { ModelOrLoader } from '../serving/model-or-loader.js'
export { createHandler, type Handler } from './handler.js'
export type { HandlerOptions, RequestRecord, ServedModelOptions, ServedSpeculation } from './options.js'
