import { ollamaEndpoint } from './endpoint.js'

/** What clients ask for to see whether there is a server. */
export const running = ollamaEndpoint({
  method: 'GET',
  path: '',
  isPublic: true,
  answer: () =>
    new Response('Ollama is running', { headers: { 'content-type': 'text/plain; charset=utf-8' } }),
})
