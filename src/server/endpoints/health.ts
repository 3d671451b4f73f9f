import { jsonResponse } from '../http/responses.js'
import type { Endpoint } from '../router.js'

/** Whether the server accepts requests; models may not be loaded yet. */
export const health: Endpoint = {
  method: 'GET',
  path: '/health',
  isPublic: true,
  answer: () => jsonResponse({ status: 'ok' }),
}
