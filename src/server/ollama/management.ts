import { ApiError } from '../api-error.js'
import type { Endpoint } from '../router.js'
import { ollamaEndpoint } from './endpoint.js'

/** What Ollama does with files of models, which this server gets from its operator. */
const REQUESTS: readonly (readonly [Endpoint['method'], string])[] = [
  ...(['pull', 'push', 'create', 'copy', 'blobs/'] as const).map((name) => ['POST', `/api/${name}`] as const),
  ['GET', '/api/blobs/'],
  ['DELETE', '/api/delete'],
]

/** Refuses these requests. */
export const management: readonly Endpoint[] = REQUESTS.map(([method, path]) =>
  ollamaEndpoint({
    method,
    path,
    answer() {
      throw new ApiError(
        501,
        `${path} is not supported: the models of this server are chosen when it is started`,
        { code: 'unsupported' },
      )
    },
  }),
)
