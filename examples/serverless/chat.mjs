/** A chat model behind OpenAI's API: a function from a Request to a Response, for any platform. */
import process from 'node:process'
import { loadModel } from 'dasllama'
import { openStore } from 'dasllama/hub'
import { createHandler } from 'dasllama/server'

let handling

/** Loads the model, unless that has been done: once per instance. A load that failed is tried again by the next request. */
export function start() {
  handling ??= load().catch((error) => {
    handling = undefined
    throw error
  })
  return handling
}

/**
 * MODEL: a path, for example in the image or in a mounted folder; or an address or a name such as `hf:owner/repo:Q4_K_M`, which is
 * kept in DASLLAMA_HOME. TEMPLATE: the chat template, for files that have none. API_KEY: what requests must have. CONTEXT: tokens of a
 * conversation.
 */
async function load() {
  const { MODEL, TEMPLATE: template, API_KEY, CONTEXT = '2048' } = process.env
  if (!MODEL) throw new Error('set MODEL to the path or the name of a model')
  const store = await openStore({ hub: { token: process.env.HF_TOKEN } })
  const model = await loadModel(MODEL, { store, contextLength: Number(CONTEXT) })
  return createHandler({
    models: { chat: template ? { model, template } : model },
    apiKeys: API_KEY ? [API_KEY] : [],
  })
}

/** Answers a request; with the status 503 if the model cannot be loaded. */
export async function answer(request) {
  let handler
  try {
    handler = await start()
  } catch (error) {
    console.error(error)
    const message = 'the model cannot be loaded; the log says why'
    return Response.json({ error: { message, type: 'server_error' } }, { status: 503 })
  }
  return handler(request)
}
