/**
 * A chat model behind OpenAI's API on Cloudflare. The model is in a Durable Object: requests to a plain Worker must not wait for each
 * other's work, and those that share a model do, because they share its passes. When the client of one left, the others would
 * hang.
 */
import { loadModel } from 'dasllama'
import { createHandler, type Handler } from 'dasllama/server'
import type { Bindings } from './bindings.js'
import { openModelFile } from './model-source.js'

/**
 * There are 128 MB for everything; what the model does not take is for JavaScript: the tokenizer, requests, one piece of the file.
 * A model that needs more is refused, with the number of bytes, before its weights are read.
 */
const MODEL_MEMORY = 96 * 2 ** 20

/** Of a conversation, in tokens. */
const CONTEXT_LENGTH = 1024

export default {
  /** One object serves all; more of them, by other names, serve more requests at the same time. */
  fetch(request: Request, { CHAT }: Bindings): Promise<Response> {
    return CHAT.get(CHAT.idFromName('chat')).fetch(request)
  },
}

export class Chat {
  readonly #bindings: Bindings
  /** Loaded by the first request, and used by all until the object is evicted. */
  #handling: Promise<Handler> | undefined

  constructor(_: unknown, bindings: Bindings) {
    this.#bindings = bindings
  }

  async fetch(request: Request): Promise<Response> {
    this.#handling ??= start(this.#bindings)
    let handler: Handler
    try {
      handler = await this.#handling
    } catch (error) {
      this.#handling = undefined // so that the next request tries again
      return Response.json({ error: { message: String(error), type: 'server_error' } }, { status: 503 })
    }
    return handler(request)
  }
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
    ...{ maxConcurrent: 2, maxQueued: 16, cachedConversations: 1, maxBodyBytes: 100_000 },
  })
}
