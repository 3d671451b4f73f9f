import { jsonResponse } from '../http/responses.js'
import { ollamaEndpoint } from './endpoint.js'

/** The version of Ollama whose API this is: clients refuse servers that are too old for what they use. */
const VERSION = '0.13.0'

export const version = ollamaEndpoint({
  method: 'GET',
  path: '/api/version',
  isPublic: true,
  answer: () => jsonResponse({ version: VERSION }),
})
