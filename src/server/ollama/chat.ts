import type { Limits } from '../options.js'
import type { ChatRequest } from '../request/chat.js'
import type { Fields } from '../request/fields.js'
import { Replies } from '../service/replies.js'
import { answer } from './answer.js'
import { loadOnly, modelNamed, ollamaEndpoint, readUnload } from './endpoint.js'
import { type Piece, replyPieces } from './pieces.js'
import { readMessages, readTools } from './read-messages.js'
import { type OllamaWriting, readOverflow, readWriting } from './read-writing.js'
import { Stopwatch } from './stopwatch.js'

/** Replies in conversations. */
export const chat = ollamaEndpoint({
  method: 'POST',
  path: '/api/chat',
  async answer(call) {
    call.promptField = 'messages'
    const watch = new Stopwatch()
    const fields = await call.fields()
    const unloads = readUnload(fields)
    const request = readChat(fields, call.limits)
    if (request.messages.length === 0) {
      return loadOnly(call, request.model, {
        unloads,
        reply: { message: { role: 'assistant', content: '' } },
      })
    }
    const served = await modelNamed(call, request.model)
    watch.loaded()
    await call.enter()
    watch.entered()
    const replies = new Replies(served, request, call.signal)
    return answer({
      call,
      request,
      pieces: replyPieces({ served, watch, source: replies }),
      describe: (piece) => ({ message: messageOf(piece) }),
      ending: () => watch.totals(replies.counts),
    })
  },
})

function readChat(fields: Fields, limits: Limits): ChatRequest & OllamaWriting {
  return {
    ...readWriting(fields, limits),
    messages: readMessages(fields),
    tools: readTools(fields),
    forced: undefined,
    overflow: readOverflow(fields),
  }
}

function messageOf({ thinking, content, calls }: Piece): object {
  return {
    role: 'assistant',
    content,
    ...(thinking !== '' && { thinking }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}
