import { jsonResponse } from '../http/responses.js'
import { readChatRequest } from '../request/chat.js'
import type { Endpoint } from '../router.js'
import { promptOf } from '../service/settings.js'

/** The prompt of a request for a chat completion, as in llama.cpp's server; nothing is generated. */
export const applyTemplate: Endpoint = {
  method: 'POST',
  path: '/apply-template',
  async answer(call) {
    call.promptField = 'messages'
    const request = readChatRequest(await call.fields(), call.limits)
    return jsonResponse({ prompt: promptOf(await call.model(request.model), request).text })
  },
}
