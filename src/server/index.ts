/** The package entry `dasllama/server`: the APIs of OpenAI and Anthropic as a function from `Request` to `Response`. */
export { createHandler, type Handler } from './handler.js'
export type {
  HandlerOptions,
  ModelOrLoader,
  RequestRecord,
  ServedModelOptions,
  ServedSpeculation,
} from './options.js'
