import { peeked } from '../http/peeked.js'
import { jsonResponse } from '../http/responses.js'
import { chunkChoices } from '../reply/chat-chunk.js'
import { replyHeader } from '../reply/header.js'
import { usageOf } from '../reply/usage.js'
import { WholeReply } from '../reply/whole-chat.js'
import { type ChatRequest, readChatRequest } from '../request/chat.js'
import type { Endpoint } from '../router.js'
import type { ServedModel } from '../service/models.js'
import { Replies } from '../service/replies.js'

export const chatCompletions: Endpoint = {
  method: 'POST',
  path: '/v1/chat/completions',
  async answer(call) {
    call.promptField = 'messages'
    const request = readChatRequest(await call.fields(), call.limits)
    const served = await call.model(request.model)
    await call.enter(request.priority)
    const replies = new Replies(served, request, call.signal)
    const answering = { request, served, replies }
    return request.isStream ? call.stream(await peeked(chunks(answering))) : whole(answering)
  },
}

interface Answering {
  readonly request: ChatRequest
  readonly served: ServedModel
  readonly replies: Replies
}

async function* chunks({ request, served, replies }: Answering): AsyncGenerator<object> {
  const { name, model } = served
  const header = replyHeader('chat.completion.chunk', name)
  const more = request.includesUsage ? { usage: null } : {}
  const options = { hasLogprobs: request.logprobs !== undefined }
  for await (const part of replies.parts()) {
    for (const choice of chunkChoices(part, model, options)) yield { ...header, choices: [choice], ...more }
  }
  if (request.includesUsage) yield { ...header, choices: [], usage: usageOf(replies.counts) }
}

async function whole({ request, served, replies }: Answering): Promise<Response> {
  const { name, model } = served
  const wholes = Array.from({ length: request.choices }, () => new WholeReply())
  for await (const part of replies.parts()) wholes[part.index].add(part)
  const options = { hasLogprobs: request.logprobs !== undefined }
  return jsonResponse({
    ...replyHeader('chat.completion', name),
    choices: wholes.map((reply, index) => reply.choice(index, model, options)),
    usage: usageOf(replies.counts),
  })
}
