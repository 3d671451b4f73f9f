import { ApiError } from './api-error.js'
import type { Call } from './call.js'

/** Answers the requests for one path. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  /** Whether it is answered without an API key. Default false. */
  readonly isPublic?: boolean
  /** An error in the words of its API. Default: in those of OpenAI's. */
  errorBody?(error: ApiError, call: Call): object
  /** Whether the option `metrics` decides that. Default false. */
  readonly isMetrics?: boolean
  /** `rest`: what follows the path, if it ends with a slash. */
  answer(call: Call, rest: string): Response | Promise<Response>
}

/** An endpoint, and what follows its path. */
interface Route {
  readonly endpoint: Endpoint
  readonly rest: string
}

/**
 * Finds the endpoint of a request. Paths are compared without a slash at the end, and `/v1` may be missing. Throws with the
 * status 404 for an unknown path and 405 for another method.
 */
export function findRoute(endpoints: readonly Endpoint[], method: string, path: string): Route {
  const routes = endpoints.flatMap((endpoint): Route[] => {
    const rest = restOf(endpoint.path, path)
    return rest === undefined ? [] : [{ endpoint, rest }]
  })
  if (routes.length === 0) {
    throw new ApiError(404, `there is nothing at ${method} ${path.slice(0, 200)}`, { code: 'unknown_url' })
  }
  // A HEAD request is answered like a GET; the runtime drops the body.
  const wanted = method === 'HEAD' ? 'GET' : method
  const route = routes.find(({ endpoint }) => endpoint.method === wanted)
  if (route) return route
  const allow = routes.map(({ endpoint }) => endpoint.method).join(', ')
  throw new ApiError(405, `${path.slice(0, 200)} takes ${allow}, not ${method.slice(0, 20)}`, {
    code: 'method_not_allowed',
    headers: { allow },
  })
}

/** What follows an endpoint's path in that of a request; `undefined` if it is another path. */
function restOf(endpoint: string, path: string): string | undefined {
  const asked = path.replace(/\/+$/, '')
  for (const known of [endpoint, endpoint.replace(/^\/v1/, '')]) {
    if (asked === known) return ''
    if (known.endsWith('/') && asked.startsWith(known)) return asked.slice(known.length)
  }
  return undefined
}
