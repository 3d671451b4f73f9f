import { jsonResponse } from '../http/responses.js'
import { readChatRequest } from '../request/chat.js'
import type { Endpoint } from '../router.js'

/** The prompt of a request for a chat completion, as in llama.cpp's server; nothing is generated. */
export const applyTemplate: Endpoint = {
  method: 'POST',
  path: '/apply-template',
  async answer(call) {
    call.promptField = 'messages'
    const request = readChatRequest(await call.fields(), call.limits)
    const { chats, chatSettings } = await call.model(request.model)
    const { tools, thinking, templateVariables, messages } = request
    const served = chats.take({ ...chatSettings, tools, thinking, templateVariables }, messages)
    try {
      return jsonResponse({ prompt: served.chat.renderPrompt().text })
    } finally {
      chats.give(served)
    }
  },
}
