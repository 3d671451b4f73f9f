/** A chat model behind OpenAI's API in an edge function of Vercel: `POST /api/chat`. */
import { loadModel } from 'dasllama/edge-light'
import { createHandler, type Handler } from 'dasllama/server'

export const config = { runtime: 'edge' }

/** In `public/`, because the function itself may have 1 to 4 MB. */
const MODEL = '/models/tiny-stories.Q8_0.gguf'

/** An edge function has 128 MB for everything; the rest is for JavaScript. */
const MODEL_MEMORY = 96 * 2 ** 20

/** Loaded by the first request of an instance. */
let handling: Promise<Handler> | undefined

export default async function chat(request: Request): Promise<Response> {
  handling ??= start(request.url)
  let handler: Handler
  try {
    handler = await handling
  } catch (error) {
    handling = undefined // so that the next request tries again
    return Response.json({ error: { message: String(error), type: 'server_error' } }, { status: 503 })
  }
  return handler(new Request(new URL('/v1/chat/completions', request.url), request))
}

async function start(url: string): Promise<Handler> {
  const model = await loadModel(new URL(MODEL, url), { memoryLimit: MODEL_MEMORY, contextLength: 256 })
  // This model has no template of its own.
  return createHandler({ models: { chat: { model, template: 'chatml' } } })
}
