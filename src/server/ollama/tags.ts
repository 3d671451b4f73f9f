import { jsonResponse } from '../http/responses.js'
import { describeModel } from './details.js'
import { ollamaEndpoint } from './endpoint.js'

/** The served models. */
export const tags = ollamaEndpoint({
  method: 'GET',
  path: '/api/tags',
  async answer({ service: { models } }) {
    const modified_at = new Date(models.created * 1000).toISOString()
    const described = models
      .status()
      .map(async (status) => ({ ...(await describeModel(status)), modified_at }))
    return jsonResponse({ models: await Promise.all(described) })
  },
})

/** Models are unloaded on request, not at a set time. */
const NEVER = '9999-12-31T23:59:59Z'

/** The models that are loaded. */
export const ps = ollamaEndpoint({
  method: 'GET',
  path: '/api/ps',
  async answer({ service: { models } }) {
    const described = models.status().flatMap(({ name, model }) => {
      if (!model) return []
      const { memoryBytes, contextLength } = model
      const more = { size: memoryBytes, size_vram: 0, expires_at: NEVER, context_length: contextLength }
      return [describeModel({ name, model }).then((known) => ({ ...known, ...more }))]
    })
    return jsonResponse({ models: await Promise.all(described) })
  },
})
