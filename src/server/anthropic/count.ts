import { jsonResponse } from '../http/responses.js'
import type { Endpoint } from '../router.js'
import { promptOf } from '../service/settings.js'
import { anthropicError } from './error.js'
import { readCountRequest } from './request.js'

/** How many tokens the prompt of a message has; nothing is generated. */
export const countTokens: Endpoint = {
  method: 'POST',
  path: '/v1/messages/count_tokens',
  errorBody: (error, call) => anthropicError(error, call.id),
  async answer(call) {
    call.promptField = 'messages'
    const request = readCountRequest(await call.fields(), call.limits)
    const { ids } = promptOf(await call.model(request.model), request)
    call.note({ promptTokens: ids.length })
    return jsonResponse({ input_tokens: ids.length })
  },
}
