import { ApiError } from '../api-error.js'
import { jsonResponse } from '../http/responses.js'
import type { Endpoint } from '../router.js'
import { promptOf } from '../service/settings.js'
import { readCountRequest } from './request.js'

/** How many tokens the prompt of a response has; nothing is generated. */
export const countInput: Endpoint = {
  method: 'POST',
  path: '/v1/responses/input_tokens',
  async answer(call) {
    call.promptField = 'input'
    const request = readCountRequest(await call.fields(), call.limits)
    const { ids } = promptOf(await call.model(request.model), request)
    call.note({ promptTokens: ids.length })
    return jsonResponse({ object: 'response.input_tokens', input_tokens: ids.length })
  },
}

/** Responses that were given before: there are none. */
export const showResponse: Endpoint = {
  method: 'GET',
  path: '/v1/responses/',
  answer() {
    throw new ApiError(404, 'responses are not stored here: send the whole conversation as input', {
      code: 'response_not_found',
    })
  },
}
