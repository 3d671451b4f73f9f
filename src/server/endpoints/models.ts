import { isForAnthropic } from '../anthropic/error.js'
import { anthropicModel, anthropicModels } from '../anthropic/models.js'
import { jsonResponse } from '../http/responses.js'
import type { Endpoint } from '../router.js'
import { modelNotFound, type ServedModels } from '../service/models.js'
import { decoded } from './model-control.js'

export const listModels: Endpoint = {
  method: 'GET',
  path: '/v1/models',
  answer({ request: { headers, url }, service: { models } }) {
    if (isForAnthropic(headers)) return jsonResponse(anthropicModels(models, new URL(url).searchParams))
    return jsonResponse({ object: 'list', data: models.names.map((name) => describe(name, models)) })
  },
}

export const showModel: Endpoint = {
  method: 'GET',
  path: '/v1/models/',
  answer({ request: { headers }, service: { models } }, rest) {
    const name = decoded(rest)
    if (!models.names.includes(name)) throw modelNotFound(name)
    return jsonResponse((isForAnthropic(headers) ? anthropicModel : describe)(name, models))
  },
}

function describe(name: string, { created }: ServedModels): object {
  return { id: name, object: 'model', created, owned_by: 'dasllama' }
}
