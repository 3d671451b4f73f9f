/** The package entry `dasllama/server`: OpenAI's API as a function from `Request` to `Response`. */

export type { ModelOrLoader } from '../serving/model-or-loader.js'
export { createHandler, type Handler } from './handler.js'
export type { HandlerOptions, RequestRecord, ServedModelOptions } from './options.js'
