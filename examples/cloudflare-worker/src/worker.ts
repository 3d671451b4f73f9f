/** A chat model behind OpenAI's API, in a Cloudflare Worker. */
import { loadModel } from 'dasllama'
import { createHandler, type Handler } from 'dasllama/server'
import type { Bindings } from './bindings.js'
import { openModelFile } from './model-source.js'

/**
 * A Worker has 128 MB for everything; what the model does not take is for JavaScript: the tokenizer, requests, one piece of the
 * file. A model that needs more is refused, with the number of bytes, before anything of it is read.
 */
const MODEL_MEMORY = 96 * 2 ** 20

/** Of a conversation, in tokens. */
const CONTEXT_LENGTH = 1024

/** Loaded by the first request, and used by all that this instance of the Worker serves. */
let handling: Promise<Handler> | undefined

export default {
  async fetch(
    request: Request,
    bindings: Bindings,
    context: { waitUntil(work: Promise<unknown>): void },
  ): Promise<Response> {
    handling ??= start(bindings)
    // Otherwise the load would stop, for all requests, if the client of the first one leaves.
    context.waitUntil(handling.catch(() => {}))
    let handler: Handler
    try {
      handler = await handling
    } catch (error) {
      handling = undefined // so that the next request tries again
      return Response.json({ error: { message: String(error), type: 'server_error' } }, { status: 503 })
    }
    return handler(request)
  },
}

async function start(bindings: Bindings): Promise<Handler> {
  const model = await loadModel(await openModelFile(bindings), {
    memoryLimit: MODEL_MEMORY,
    contextLength: CONTEXT_LENGTH,
  })
  const { MODEL, TEMPLATE: template, API_KEY } = bindings
  return createHandler({
    models: { [MODEL]: { model, ...(template && { template }) } },
    apiKeys: API_KEY ? [API_KEY] : [],
    maxConcurrent: 2,
    cachedConversations: 1,
  })
}
