import { ApiError } from '../api-error.js'
import { jsonResponse } from '../http/responses.js'
import type { Endpoint } from '../router.js'

/** `POST /models/NAME/load` and `/models/NAME/unload`: resolves when it is done. */
export const controlModel: Endpoint = {
  method: 'POST',
  path: '/v1/models/',
  async answer(call, rest) {
    const [, encoded, action] = /^(.+)\/(load|unload)$/.exec(rest) ?? []
    if (action === undefined) {
      throw new ApiError(404, 'a POST to a model must end with /load or /unload', { code: 'unknown_url' })
    }
    rejectForeignForms(call.request)
    const { models } = call.service
    const name = models.nameOf(decoded(encoded))
    if (action === 'load') await call.model(name)
    else await models.unload(name)
    return jsonResponse({ name, state: action === 'load' ? 'ready' : 'unloaded' })
  },
}

/** Forms of any page can be sent here without asking; JSON cannot, and browsers say which requests are a page's own. */
function rejectForeignForms({ headers }: Request): void {
  if (headers.get('origin') === null || headers.get('sec-fetch-site') === 'same-origin') return
  if (/^application\/json\b/i.test(headers.get('content-type') ?? '')) return
  throw new ApiError(415, 'a page must send the header content-type: application/json', {
    code: 'unsupported_media_type',
  })
}

/** The text of a part of a path. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
